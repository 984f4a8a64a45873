import { ImportError } from '../error.ts'
import { limits } from '../limits.ts'

/** A number as the file spells it: the token is kept, because parsing may round it. `NaN` and `Infinity` are tokens too. */
export interface NumberToken {
  readonly token: string
}

export type Scalar = string | boolean | null | NumberToken

/** What the tokenizer reports to. It is asked before each string whether the text is needed; others are passed over. */
export interface TokenSink {
  wantsText(): boolean
  beginObject(): void
  endObject(): void
  beginArray(): void
  endArray(): void
  /** `undefined` where the text was not wanted. */
  key(name: string | undefined): void
  /** `undefined` where a string's text was not wanted or is longer than `limits.textLength`. */
  scalar(value: Scalar | undefined): void
}

export interface Tokenizer {
  /** The bytes may be reused by the caller afterwards. */
  write(chunk: Uint8Array): void
  /** @throws {ImportError} `JSON_TRUNCATED` where the value is not complete. */
  end(): void
}

type Expect = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma' | 'nothing'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20

/**
 * Takes JSON apart as it arrives, in memory that does not grow with the file: a text (RFC 8259) of one value, with
 * `NaN`, `Infinity` and `-Infinity` admitted, which Python writes.
 *
 * `write` and `end` throw {ImportError} `JSON_MALFORMED`, `JSON_TRUNCATED`, `JSON_TOO_DEEP`, `JSON_TOO_LARGE` or
 * `JSON_ENCODING`; messages give the byte, not the text.
 */
export function createTokenizer(sink: TokenSink): Tokenizer {
  const containers = new Uint8Array(limits.jsonDepth) // 1 for an object, 0 for an array
  let depth = 0
  let expect: Expect = 'value'
  let offset = 0 // bytes before the chunk at hand
  let inString = false
  let escaped = false
  let stringIsKey = false
  let textWanted = false
  let textTooLong = false
  let text: Buffer[] = []
  let textBytes = 0
  let word = ''

  function write(input: Uint8Array): void {
    const chunk = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
    let at = 0
    while (at < chunk.length) {
      if (inString) at = readString(chunk, at)
      else if (word !== '' || isWordByte(chunk[at] ?? 0)) at = readWord(chunk, at)
      else at = readPunctuation(chunk, at)
    }
    offset += chunk.length
  }

  function end(): void {
    if (inString || depth > 0) throw new ImportError('JSON_TRUNCATED', `ends at byte ${offset}`)
    if (word !== '') endWord(0)
    if (expect !== 'nothing') throw new ImportError('JSON_TRUNCATED', `ends at byte ${offset}`)
  }

  function readString(chunk: Buffer, start: number): number {
    let at = start
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (escaped) escaped = false
      else if (byte === BACKSLASH) escaped = true
      else if (byte === QUOTE) break
      else if (byte < SPACE) throw malformed(at)
    }
    if (textWanted) keepText(chunk.subarray(start, at))
    if (at === chunk.length) return at
    endString(at)
    return at + 1
  }

  function keepText(part: Buffer): void {
    textBytes += part.length
    if (textBytes <= limits.textLength * 4) text.push(Buffer.from(part))
    else textTooLong = true
  }

  function endString(at: number): void {
    inString = false
    const value = textWanted ? decodeText(at) : undefined
    text = []
    if (stringIsKey) {
      if (textWanted && value === undefined)
        throw new ImportError('JSON_TOO_LARGE', `member name at byte ${offset + at}`)
      expect = 'colon'
      sink.key(value)
    } else {
      afterValue()
      sink.scalar(value)
    }
  }

  function decodeText(at: number): string | undefined {
    if (textTooLong) return undefined
    const value = decodeEscapes(decodeUtf8(Buffer.concat(text), offset + at), offset + at)
    return value.length > limits.textLength ? undefined : value
  }

  function readWord(chunk: Buffer, start: number): number {
    let at = start
    while (at < chunk.length && isWordByte(chunk[at] as number)) at++
    word += chunk.toString('latin1', start, at)
    if (word.length > limits.tokenBytes) throw new ImportError('JSON_TOO_LARGE', `number at byte ${offset + at}`)
    if (at < chunk.length) endWord(at)
    return at
  }

  function endWord(at: number): void {
    if (expect !== 'value' && expect !== 'value-or-end') throw malformed(at)
    const value = valueOfWord(word)
    if (value === undefined) throw malformed(at)
    word = ''
    afterValue()
    sink.scalar(value)
  }

  function readPunctuation(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number
    switch (byte) {
      case SPACE:
      case 0x0a:
      case 0x0d:
      case 0x09:
        break
      case QUOTE:
        beginString(at)
        break
      case 0x7b: // {
        begin(1, at)
        sink.beginObject()
        expect = 'key-or-end'
        break
      case 0x5b: // [
        begin(0, at)
        sink.beginArray()
        expect = 'value-or-end'
        break
      case 0x7d: // }
        finish(1, 'key-or-end', at)
        sink.endObject()
        break
      case 0x5d: // ]
        finish(0, 'value-or-end', at)
        sink.endArray()
        break
      case 0x3a: // :
        if (expect !== 'colon') throw malformed(at)
        expect = 'value'
        break
      case 0x2c: // ,
        if (expect !== 'comma') throw malformed(at)
        expect = containers[depth - 1] === 1 ? 'key' : 'value'
        break
      default:
        throw offset + at === 0 && byte > 0x7f ? new ImportError('JSON_ENCODING', 'is not plain UTF-8') : malformed(at)
    }
    return at + 1
  }

  function beginString(at: number): void {
    stringIsKey = expect === 'key' || expect === 'key-or-end'
    if (!stringIsKey && expect !== 'value' && expect !== 'value-or-end') throw malformed(at)
    inString = true
    escaped = false
    textWanted = sink.wantsText()
    textTooLong = false
    textBytes = 0
  }

  function begin(container: number, at: number): void {
    if (expect !== 'value' && expect !== 'value-or-end') throw malformed(at)
    if (depth === limits.jsonDepth) throw new ImportError('JSON_TOO_DEEP', `nested deeper than ${limits.jsonDepth}`)
    containers[depth++] = container
  }

  function finish(container: number, whenEmpty: Expect, at: number): void {
    const open = depth > 0 && containers[depth - 1] === container
    if (!open || (expect !== 'comma' && expect !== whenEmpty)) throw malformed(at)
    depth--
    afterValue()
  }

  function afterValue(): void {
    expect = depth === 0 ? 'nothing' : 'comma'
  }

  function malformed(at: number): ImportError {
    return new ImportError('JSON_MALFORMED', `not JSON at byte ${offset + at}`)
  }

  return { write, end }
}

/** Letters, digits, `+`, `-` and `.`: what numbers and literals are made of. */
function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x2b
  )
}

const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function valueOfWord(word: string): Scalar | undefined {
  if (numberForm.test(word)) return { token: word }
  switch (word) {
    case 'true':
      return true
    case 'false':
      return false
    case 'null':
      return null
    case 'NaN':
    case 'Infinity':
    case '-Infinity':
      return { token: word }
    default:
      return undefined
  }
}

function decodeUtf8(bytes: Buffer, at: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new ImportError('JSON_ENCODING', `not UTF-8 before byte ${at}`, { cause })
  }
}

function decodeEscapes(text: string, at: number): string {
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`)
  } catch (cause) {
    throw new ImportError('JSON_MALFORMED', `not a JSON string before byte ${at}`, { cause })
  }
}
