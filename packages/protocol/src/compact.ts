import { decodeBase64url } from './base64url.ts'
import { type JsonObject, parseCanonical } from './canonical-json.ts'
import { ProtocolError } from './error.ts'
import type { Algorithm } from './keys.ts'

/** A compact JWS of the strict profile, of whatever key and type. */
export interface StrictJws {
  readonly alg: Algorithm
  readonly kid: string
  readonly typ: string
  readonly payload: JsonObject
  readonly signature: Uint8Array
  readonly signingInput: Uint8Array
}

/** The three segments of a compact JWS, decoded. */
export interface CompactParts {
  readonly header: Uint8Array
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly signingInput: Uint8Array
}

/**
 * Takes a compact JWS apart by the strict profile: strict segments, exactly the header members `alg`, `kid` and `typ`,
 * one of two algorithms, both header and payload canonical, the payload an object. The signature is NOT checked.
 *
 * @throws {ProtocolError} `TOO_LARGE`, `JWS_MALFORMED`, `JWS_HEADER`, `ALGORITHM_REFUSED`, `SCHEMA` where the payload is
 *   no object, or the codes of `parseCanonical` for the payload.
 */
export function openCompact(compact: string, maxBytes: number): StrictJws {
  const { header, payload, signature, signingInput } = splitCompact(compact, maxBytes)
  return { ...parseHeader(header), payload: parsePayload(payload), signature, signingInput }
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

/** A header has one possible spelling, so a pattern is its whole parser: `[^"\\]` leaves nothing to unescape. */
const headerPattern = /^\{"alg":"([^"\\]*)","kid":"([!#-[\]-~]{1,200})","typ":"([!#-[\]-~]{1,100})"\}$/

function parseHeader(bytes: Uint8Array): { alg: Algorithm; kid: string; typ: string } {
  const [, alg, kid, typ] = headerPattern.exec(Buffer.from(bytes).toString('latin1')) ?? []
  if (kid === undefined || typ === undefined) {
    throw new ProtocolError('JWS_HEADER', 'the header is not exactly alg, kid and typ in canonical form')
  }
  if (alg !== 'Ed25519' && alg !== 'ES256') {
    throw new ProtocolError('ALGORITHM_REFUSED', 'the algorithm is neither Ed25519 nor ES256')
  }
  return { alg, kid, typ }
}

function parsePayload(bytes: Uint8Array): JsonObject {
  const payload = parseCanonical(bytes)
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload as JsonObject
  throw new ProtocolError('SCHEMA', 'the payload is not an object')
}
