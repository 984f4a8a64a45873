import { hash } from 'node:crypto'
import { encodeBase64url } from './base64url.ts'
import { canonicalize, type JsonObject, type JsonValue } from './canonical-json.ts'
import { openCompact } from './compact.ts'
import { ProtocolError } from './error.ts'
import type { Algorithm, Signer, VerifyKey } from './keys.ts'
import { limits } from './limits.ts'
import { verifySignature, verifySignatureAsync, withLowS } from './signature.ts'

/** Every kind of signed message has its own `typ`, so that none can stand in for another (RFC 8725 §3.11). */
export type MessageType =
  | 'concordance-record+jwt'
  | 'concordance-checkpoint+jwt'
  | 'concordance-keyset+jwt'
  | 'concordance-request+jwt'
  | 'concordance-coverage+jwt'
  | 'concordance-node+jwt'
  | 'concordance-answer+jwt'
  | 'concordance-access+jwt'

export interface CompactJws {
  readonly compact: string
  readonly header: { alg: Algorithm; kid: string; typ: MessageType }
  readonly payload: JsonObject
  /** The ASCII bytes before the second dot. */
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
}

/** Signs a canonical payload as JWS compact serialization (RFC 7515 §7.1). The caller has checked the payload. */
export function signCompact(typ: MessageType, payload: JsonValue, signer: Signer): Promise<string> {
  return signCanonical(typ, canonicalize(payload), signer)
}

/** As `signCompact`, with a payload that is written out already. */
export async function signCanonical(typ: MessageType, payload: string, signer: Signer): Promise<string> {
  const header = encodeText(canonicalize({ alg: signer.alg, kid: signer.kid, typ }))
  const signingInput = `${header}.${encodeText(payload)}`
  return `${signingInput}.${encodeBase64url(withLowS(signer.alg, await signer.sign(Buffer.from(signingInput, 'ascii'))))}`
}

/**
 * Takes a compact JWS apart: strict segments, exactly the header members `alg`, `kid`, `typ`, a canonical object.
 * Unsafe: the signature is NOT checked; pass the result to `verifyCompact`.
 *
 * @param maxBytes Limit of the whole text, checked first.
 * @throws {ProtocolError} `TOO_LARGE`, `JWS_MALFORMED`, `JWS_HEADER`, `JWS_TYPE`, `ALGORITHM_REFUSED`, `SCHEMA` where the
 *   payload is no object, or the codes of `parseCanonical` for it.
 */
export function parseCompactUnsafe(
  compact: string,
  typ: MessageType,
  maxBytes: number = limits.compactBytes,
): CompactJws {
  const { alg, kid, typ: found, ...rest } = openCompact(compact, maxBytes)
  if (!/^[A-Za-z0-9_-]{43}$/.test(kid)) throw new ProtocolError('JWS_HEADER', 'kid is not a thumbprint')
  if (found !== typ) throw new ProtocolError('JWS_TYPE', `the message is not of type ${typ}`)
  return { compact, header: { alg, kid, typ }, ...rest }
}

/**
 * Checks the signature. `key` has been looked up by issuer, `kid` and purpose.
 *
 * @throws {ProtocolError} `KEY_UNKNOWN`, `ALGORITHM_REFUSED` or `SIGNATURE_INVALID`.
 */
export function verifyCompact(jws: CompactJws, key: VerifyKey): void {
  refuseForeignKey(jws, key)
  if (!verifySignature(key, jws.signingInput, jws.signature)) throw invalidSignature()
}

/** As `verifyCompact`, in the thread pool of the runtime: for bulk, some 64 at a time. */
export async function verifyCompactAsync(jws: CompactJws, key: VerifyKey): Promise<void> {
  refuseForeignKey(jws, key)
  if (!(await verifySignatureAsync(key, jws.signingInput, jws.signature))) throw invalidSignature()
}

/** SHA-256 of the text of a JWS, 32 bytes. Meaningful only after a strict parse: otherwise one token has many spellings. */
export function digestOfCompact(compact: string): Uint8Array {
  return hash('sha256', compact, 'buffer')
}

function encodeText(text: string): string {
  return encodeBase64url(Buffer.from(text, 'utf8'))
}

function refuseForeignKey({ header }: CompactJws, key: VerifyKey): void {
  if (header.kid !== key.kid) throw new ProtocolError('KEY_UNKNOWN', 'the message names another key')
  if (header.alg !== key.alg) throw new ProtocolError('ALGORITHM_REFUSED', 'the algorithm is not that of the key')
}

function invalidSignature(): ProtocolError {
  return new ProtocolError('SIGNATURE_INVALID', 'the signature does not verify')
}
