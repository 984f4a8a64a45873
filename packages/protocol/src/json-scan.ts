import { ProtocolError } from './error.ts'

const quote = 0x22
const backslash = 0x5c

/**
 * Refuses text nested deeper than `maxDepth` in one pass and before any parser sees it. The text may be anything:
 * where it is not JSON, the parser says so afterwards.
 *
 * @throws {ProtocolError} `JSON_TOO_DEEP`.
 */
export function refuseNesting(text: string, maxDepth: number): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) at = endOfString(text, at)
    else if (isOpening(unit) && ++depth > maxDepth) {
      throw new ProtocolError('JSON_TOO_DEEP', `nested deeper than ${maxDepth}`)
    } else if (isClosing(unit)) depth--
  }
}

/**
 * Refuses a member that stands twice in one object, of which parsers silently keep the last, and `__proto__`, which
 * is dangerous to whoever copies members one by one. Requires text that `JSON.parse` has accepted.
 *
 * @throws {ProtocolError} `JSON_MALFORMED`.
 */
export function refuseDuplicates(text: string): void {
  const open: (Set<string> | undefined)[] = [] // one per object or array around us; arrays have no names
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (isOpening(unit)) open.push(unit === 0x7b ? new Set() : undefined)
    else if (isClosing(unit)) open.pop()
    else if (unit === quote) {
      const end = endOfString(text, at)
      if (isName(text, end)) refuseName(open.at(-1), JSON.parse(text.slice(at, end + 1)) as string)
      at = end
    }
  }
}

/** Only the name of a member is followed by a colon. */
function isName(text: string, end: number): boolean {
  let after = end + 1
  while (/[ \t\n\r]/.test(text.charAt(after))) after++
  return text.charAt(after) === ':'
}

function refuseName(names: Set<string> | undefined, name: string): void {
  if (names?.has(name) || name === '__proto__') {
    throw new ProtocolError('JSON_MALFORMED', 'a member stands twice in one object, or is named __proto__')
  }
  names?.add(name)
}

function isOpening(unit: number): boolean {
  return unit === 0x7b || unit === 0x5b
}

function isClosing(unit: number): boolean {
  return unit === 0x7d || unit === 0x5d
}

/** Index of the quote that ends the string beginning at `start`, or of the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === backslash) before--
  return (at - before) % 2 === 0
}
