import { isUtf8 } from 'node:buffer'
import { ProtocolError } from './error.ts'
import { countNames, refuseNesting } from './json-scan.ts'
import { limits } from './limits.ts'

export type JsonObject = { readonly [member: string]: JsonValue }
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject

/**
 * The one spelling of a value (RFC 8785).
 *
 * Refused beyond the RFC, because readers in other languages disagree about them: `-0`, numbers that are written as an
 * integer of more than 53 bits (2^53 up to 1e21), U+0000, and whatever is not plain JSON, undefined members included.
 *
 * @throws {ProtocolError} `JSON_MALFORMED` or `JSON_TOO_DEEP`.
 */
export function canonicalize(value: JsonValue): string {
  const ordered = orderMembers(value, 1)
  return ordered === unordered ? write(value, 1) : JSON.stringify(ordered)
}

/**
 * Parses text that must already be canonical: `text == canonicalize(parse(text))`. This one comparison refuses
 * duplicate members, odd number spellings, white space, a byte order mark and lone surrogates.
 *
 * @param options.maxBytes Bytes of UTF-8, the size of a body unless told otherwise; checked before parsing, as is depth.
 * @throws {ProtocolError} `JSON_TOO_LARGE`, `JSON_TOO_DEEP`, `JSON_MALFORMED` or `JSON_NOT_CANONICAL`.
 */
export function parseCanonical(input: string | Uint8Array, options: { maxBytes?: number } = {}): JsonValue {
  const text = textOf(input, options.maxBytes ?? limits.bodyBytes)
  refuseNesting(text, limits.jsonDepth)
  const value = parse(text)
  if (!isPlainlyCanonical(text, value) && canonicalOf(value) !== text) {
    throw new ProtocolError('JSON_NOT_CANONICAL', 'text is not in the canonical form of RFC 8785')
  }
  return value
}

/**
 * Parses JSON as people and foreign programs write it: any white space, member order and number spelling, but no
 * duplicate member, no member `__proto__`, no lone surrogate, no U+0000.
 *
 * @throws {ProtocolError} `JSON_TOO_LARGE`, `JSON_TOO_DEEP` or `JSON_MALFORMED`.
 */
export function parseJson(
  input: string | Uint8Array,
  options: { maxBytes?: number; maxDepth?: number } = {},
): JsonValue {
  const text = textOf(input, options.maxBytes ?? limits.bodyBytes)
  refuseNesting(text, options.maxDepth ?? limits.jsonDepth)
  const value = parse(text)
  // Of a member that stands twice the parser keeps the last, and says nothing.
  if (countMembers(value) !== countNames(text)) {
    throw new ProtocolError('JSON_MALFORMED', 'a member stands twice in one object')
  }
  return value
}

/**
 * Reads JSON in whatever spelling, of a member that stands twice the last. Unsafe: for a first look at a text that is
 * parsed strictly before anybody is shown or given what it says. What the strict parsers accept reads the same.
 *
 * @throws {ProtocolError} `JSON_TOO_LARGE` or `JSON_MALFORMED`.
 */
export function readJsonUnsafe(text: string, { maxBytes }: { maxBytes: number }): JsonValue {
  if (sizeExceeds(text, maxBytes)) throw tooLarge(maxBytes)
  return parse(text)
}

/** For an object whose members the engine itself would put in another order. */
const unordered = Symbol('unordered')

/**
 * The same value with the members of each object in canonical order, as far as possible the very objects, so that the
 * engine's own serializer can write the whole: it agrees with RFC 8785 on strings and numbers, and makes no garbage.
 */
function orderMembers(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return requireScalar(value)
  requireDepth(depth)
  return Array.isArray(value) ? orderItems(value, depth) : orderObject(value, depth)
}

function orderItems(items: readonly unknown[], depth: number): unknown {
  let copy: unknown[] | undefined
  for (let index = 0; index < items.length; index++) {
    const ordered = orderMembers(items[index], depth + 1)
    if (ordered === unordered) return unordered
    if (ordered === items[index]) continue
    copy ??= [...items]
    copy[index] = ordered
  }
  return copy ?? items
}

function orderObject(value: object, depth: number): unknown {
  requirePlain(value)
  const names = Object.keys(value)
  const isInOrder = names.every((name, index) => index === 0 || (names[index - 1] as string) < name)
  if (!isInOrder && names.some(hasPlaceOfItsOwn)) return unordered
  let copy: Record<string, unknown> | undefined = isInOrder ? undefined : {}
  for (const name of isInOrder ? names : names.sort()) {
    const member = (value as Record<string, unknown>)[requireString(name)]
    const ordered = orderMembers(member, depth + 1)
    if (ordered === unordered) return unordered
    if (ordered !== member) copy ??= { ...value }
    if (copy) copy[name] = ordered
  }
  return copy ?? value
}

/** Names that look like an index come first in any object of the engine, and `__proto__` is none of its members. */
function hasPlaceOfItsOwn(name: string): boolean {
  const first = name.charCodeAt(0)
  return (first >= 0x30 && first <= 0x39) || name === '__proto__'
}

function write(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(requireScalar(value))
  requireDepth(depth)
  return Array.isArray(value) ? writeArray(value, depth) : writeObject(value, depth)
}

function writeArray(value: readonly unknown[], depth: number): string {
  // Not `map`: it would skip holes.
  return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`
}

function writeObject(value: object, depth: number): string {
  requirePlain(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(requireString(name))}:${write(member, depth + 1)}`).join(',')}}`
}

function requireDepth(depth: number): void {
  if (depth > limits.jsonDepth) throw new ProtocolError('JSON_TOO_DEEP', `nested deeper than ${limits.jsonDepth}`)
}

function requirePlain(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new ProtocolError('JSON_MALFORMED', 'an object with a prototype of its own is not JSON')
  }
}

function requireScalar(value: unknown): unknown {
  if (typeof value === 'string') return requireString(value)
  if (typeof value === 'number') return requireNumber(value)
  if (value === null || typeof value === 'boolean') return value
  throw new ProtocolError('JSON_MALFORMED', `a ${typeof value} is not JSON`)
}

function requireString(value: string): string {
  if (!isSafeString(value)) throw new ProtocolError('JSON_MALFORMED', 'a string holds a lone surrogate or U+0000')
  return value
}

function requireNumber(value: number): number {
  if (isSafeNumber(value)) return value
  throw new ProtocolError('JSON_MALFORMED', `${Object.is(value, -0) ? '-0' : value} has no safe spelling in JSON`)
}

function textOf(input: string | Uint8Array, maxBytes: number): string {
  if (sizeExceeds(input, maxBytes)) throw tooLarge(maxBytes)
  if (typeof input === 'string') return input
  if (!isUtf8(input)) throw new ProtocolError('JSON_MALFORMED', 'not UTF-8')
  return Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8')
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError('JSON_TOO_LARGE', `JSON of more than ${maxBytes} bytes`)
}

function sizeExceeds(input: string | Uint8Array, maxBytes: number): boolean {
  if (input.length > maxBytes) return true
  // A UTF-16 unit takes at most three bytes of UTF-8: short texts need no counting.
  return typeof input === 'string' && input.length * 3 > maxBytes && Buffer.byteLength(input) > maxBytes
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    // The message of the parser quotes the text, which may be closed to whoever reads the error.
    throw new ProtocolError('JSON_MALFORMED', 'not JSON')
  }
}

/** The slow way, for what `isPlainlyCanonical` leaves open; a value that has no canonical form is not in it either. */
function canonicalOf(value: JsonValue): string | undefined {
  try {
    return canonicalize(value)
  } catch (error) {
    throw new ProtocolError('JSON_NOT_CANONICAL', 'a value has no canonical form', { cause: error })
  }
}

/**
 * Most canonical texts are shown to be so without writing them out in our own code: the engine's serializer agrees with
 * RFC 8785 on strings and numbers and keeps the order of members as they came. What remains is that order, large
 * integers, and escapes, under which a lone surrogate or U+0000 could hide. False means "not shown", not "not canonical".
 */
function isPlainlyCanonical(text: string, value: JsonValue): boolean {
  return !text.includes('\\u') && JSON.stringify(value) === text && isOrdered(value)
}

function isOrdered(value: JsonValue): boolean {
  if (typeof value === 'number') return isSafeNumber(value)
  if (typeof value !== 'object' || value === null) return true
  return Array.isArray(value) ? value.every(isOrdered) : hasOrderedMembers(value as JsonObject)
}

function hasOrderedMembers(value: JsonObject): boolean {
  let last: string | undefined
  // `for in` and not `Object.entries`: a parsed object inherits nothing, and this runs for every record that arrives.
  for (const name in value) {
    if (last !== undefined && name <= last) return false
    if (!isOrdered(value[name] as JsonValue)) return false
    last = name
  }
  return true
}

function isSafeNumber(value: number): boolean {
  if (!Number.isFinite(value) || Object.is(value, -0)) return false
  // From 1e21 on the canonical spelling has an exponent, which no reader takes for an integer.
  const magnitude = Math.abs(value)
  return magnitude <= Number.MAX_SAFE_INTEGER || magnitude >= 1e21
}

function isSafeString(value: string): boolean {
  return value.isWellFormed() && !value.includes('\u0000')
}

/** … of a parsed value, whose strings and names are checked on the way. `__proto__` is dangerous to whoever copies members. */
function countMembers(value: JsonValue): number {
  if (typeof value === 'string') requireString(value)
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce((count: number, item) => count + countMembers(item), 0)
  let count = 0
  for (const name in value) {
    if (name === '__proto__') throw new ProtocolError('JSON_MALFORMED', 'a member is named __proto__')
    requireString(name)
    count += 1 + countMembers((value as JsonObject)[name] as JsonValue)
  }
  return count
}
