import type { Dispatcher } from 'undici'
import { type AddressRules, createAddressGuard, isLoopbackUrl } from './address-guard.ts'
import { withDeadline } from './deadline.ts'
import { ClientError } from './error.ts'
import { createGuardedAgent } from './guarded-agent.ts'
import { readBytes } from './read-bytes.ts'

export interface GuardedFetchOptions extends AddressRules {
  /** From the first byte sent to the last received. */
  readonly timeoutMs: number
  readonly maxAnswerBytes: number
}

export interface FetchRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export interface GuardedFetch {
  /** @throws {ClientError} `URL_REFUSED`, `ADDRESS_REFUSED`, `UNREACHABLE`, `TIMEOUT`, `ENCODING_REFUSED`, `ANSWER_TOO_LARGE`. */
  fetch(url: string, request?: FetchRequest): Promise<Response>
  close(): Promise<void>
}

/**
 * Opens a way out for libraries that bring their own protocol and take a `fetch`: only https (plain http by
 * `insecureLoopback` and a literal loopback address), only to addresses that the guard lets pass. Redirects are handed
 * back as they are, compressed answers refused, and whole answers capped in bytes and time.
 */
export function openGuardedFetch({ timeoutMs, maxAnswerBytes, ...rules }: GuardedFetchOptions): GuardedFetch {
  const dispatcher = createGuardedAgent(createAddressGuard(rules))
  return {
    fetch: async (url, { signal, ...request } = {}) => {
      const target = parseTarget(url, rules)
      return withDeadline({ timeoutMs, signal }, async (deadline) => {
        try {
          const response = await dispatcher.request(outgoingOf(target, request, deadline))
          return await readAnswer(response, maxAnswerBytes)
        } catch (error) {
          if (deadline.aborted) throw deadline.reason
          if (error instanceof ClientError) throw error
          throw new ClientError('UNREACHABLE', 'the connection failed or broke', { cause: error })
        }
      })
    },
    close: () => dispatcher.destroy(),
  }
}

function parseTarget(text: string, { insecureLoopback = false }: AddressRules): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOpen = url?.protocol === 'https:' || (url?.protocol === 'http:' && insecureLoopback && isLoopbackUrl(url))
  if (!url || !isOpen || url.username || url.password) {
    throw new ClientError('URL_REFUSED', 'only https, or plain http on loopback where that is allowed')
  }
  return url
}

function outgoingOf(url: URL, { method = 'GET', headers = {}, body }: FetchRequest, signal: AbortSignal) {
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: method as Dispatcher.HttpMethod,
    headers: { ...headers, 'accept-encoding': 'identity' },
    body: body === undefined || body === null ? null : String(body),
    signal,
  }
}

async function readAnswer(response: Dispatcher.ResponseData, maxAnswerBytes: number): Promise<Response> {
  const { statusCode: status, headers, body } = response
  body.on('error', () => {}) // a body that is destroyed after its reader left reports that to nobody else
  try {
    if (headers['content-encoding'] !== undefined) {
      throw new ClientError('ENCODING_REFUSED', 'the answer is compressed although identity was asked for', { status })
    }
    const bytes = await readBytes(body, maxAnswerBytes)
    const isEmpty = status === 204 || status === 205 || status === 304
    return new Response(isEmpty ? null : new Uint8Array(bytes), { status, headers: headersOf(headers) })
  } finally {
    body.destroy()
  }
}

function headersOf(received: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(received)) {
    for (const each of [value ?? []].flat()) headers.append(name, each)
  }
  return headers
}
