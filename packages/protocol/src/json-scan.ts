import { ProtocolError } from './error.ts'

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

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

/** How many names of members there are, each as often as it stands there. Requires text that `JSON.parse` has accepted. */
export function countNames(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) {
    at = endOfString(text, at)
    if (isName(text, at)) count++
  }
  return count
}

/** Only the name of a member is followed by a colon. */
function isName(text: string, end: number): boolean {
  let after = end + 1
  while (isSpace(text.charCodeAt(after))) after++
  return text.charCodeAt(after) === colon
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d
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
