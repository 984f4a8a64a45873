import { usageFailure } from './failure.ts'

/**
 * A copy of `value` with one place set, by JSON pointer (RFC 6901). Objects on the way are made; `-` or an index one
 * past the end appends to a list.
 *
 * @throws {Failure} as a wrong command line, for a place that cannot be.
 */
export function setPointer(value: unknown, pointer: string, to: unknown): unknown {
  const [, ...path] = pointer.split('/').map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  return setAt(value, path, to, pointer)
}

function setAt(value: unknown, path: readonly string[], to: unknown, pointer: string): unknown {
  const [name, ...rest] = path
  if (name === undefined) return to
  if (Array.isArray(value)) return setInList(value, name, rest, to, pointer)
  if (typeof value !== 'object' && value !== undefined) throw noSuchPlace(pointer)
  const object = (value ?? {}) as Record<string, unknown>
  const inner = Object.hasOwn(object, name) ? object[name] : undefined
  return Object.fromEntries([...Object.entries(object), [name, setAt(inner, rest, to, pointer)]])
}

function setInList(
  list: readonly unknown[],
  name: string,
  rest: readonly string[],
  to: unknown,
  pointer: string,
): unknown[] {
  const index = name === '-' ? list.length : Number(name)
  if (!/^(-|0|[1-9][0-9]*)$/.test(name) || index > list.length) throw noSuchPlace(pointer)
  return [...list.slice(0, index), setAt(list[index], rest, to, pointer), ...list.slice(index + 1)]
}

function noSuchPlace(pointer: string): Error {
  return usageFailure(`${pointer} is no place in the draft`, 'see the fields with `concordance draft show ID --json`')
}
