import { decodeBase64url } from './base64url.ts'
import { ProtocolError } from './error.ts'

/** The three segments of a compact JWS, decoded. */
export interface CompactParts {
  readonly header: Uint8Array
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly signingInput: Uint8Array
}

/**
 * Splits a compact JWS (RFC 7515 §7.1) into strictly decoded segments: one token has one spelling.
 *
 * @throws {ProtocolError} `TOO_LARGE` or `JWS_MALFORMED`.
 */
export function splitCompact(compact: string, maxBytes: number): CompactParts {
  if (compact.length > maxBytes) throw new ProtocolError('TOO_LARGE', `a token of more than ${maxBytes} bytes`)
  const first = compact.indexOf('.')
  const last = compact.lastIndexOf('.')
  if (first === last || compact.indexOf('.', first + 1) !== last) {
    throw new ProtocolError('JWS_MALFORMED', 'not three segments')
  }
  return {
    header: decodeSegment(compact.slice(0, first)),
    payload: decodeSegment(compact.slice(first + 1, last)),
    signature: decodeSegment(compact.slice(last + 1)),
    signingInput: Buffer.from(compact.slice(0, last), 'latin1'),
  }
}

function decodeSegment(segment: string): Uint8Array {
  if (segment === '') throw new ProtocolError('JWS_MALFORMED', 'an empty segment')
  try {
    return decodeBase64url(segment)
  } catch (error) {
    throw new ProtocolError('JWS_MALFORMED', 'a segment is not strict base64url', { cause: error })
  }
}
