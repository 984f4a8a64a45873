import { ClientError } from './error.ts'

/**
 * Fills `:name` in a path and appends the query, in the order given. What comes out goes into the request line, and
 * into the request token, byte for byte.
 *
 * @throws {ClientError} `URL_REFUSED` for a parameter that is missing, empty or a dot segment.
 */
export function targetOf(
  path: string,
  params: Readonly<Record<string, string | number>> = {},
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const filled = path.replaceAll(/:([a-z]+)/gi, (_, name: string) => segmentOf(name, params[name]))
  const pairs = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) pairs.append(name, String(value))
  return pairs.size === 0 ? filled : `${filled}?${pairs}`
}

function segmentOf(name: string, value: string | number | undefined): string {
  const text = String(value ?? '')
  if (text === '' || text === '.' || text === '..')
    throw new ClientError('URL_REFUSED', `the parameter ${name} is empty`)
  return encodeURIComponent(text)
}
