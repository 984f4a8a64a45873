import { verify } from 'node:crypto'
import type { Algorithm, VerifyKey } from './keys.ts'

/** Raw signatures of both algorithms, `R || S` and `r || s`. */
const signatureBytes = 64

/** Order of the base point of P-256 (SP 800-186 §3.2.1.3), and the greatest `s` that is low. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const lowMost = Buffer.from((order / 2n).toString(16), 'hex')

/**
 * Ed25519 (RFC 8032 §5.1.7) or ECDSA P-256 with SHA-256 (RFC 7518 §3.4) with a low `s`. Anybody can make `(r, n - s)` of
 * `(r, s)`, which verifies as well: were both accepted, everybody could give a record a second id.
 */
export function verifySignature({ alg, keyObject }: VerifyKey, input: Uint8Array, signature: Uint8Array): boolean {
  if (!isOfShape(alg, signature)) return false
  if (alg === 'Ed25519') return verify(null, input, keyObject, signature)
  return verify('sha256', input, { key: keyObject, dsaEncoding: 'ieee-p1363' }, signature)
}

/** As `verifySignature`, in the thread pool of the runtime. */
export function verifySignatureAsync(
  { alg, keyObject }: VerifyKey,
  input: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!isOfShape(alg, signature)) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    const key = alg === 'Ed25519' ? keyObject : { key: keyObject, dsaEncoding: 'ieee-p1363' as const }
    verify(alg === 'Ed25519' ? null : 'sha256', input, key, signature, (error, valid) =>
      error === null ? resolve(valid) : reject(error),
    )
  })
}

/** The one of the two signatures that is accepted: signers in hardware give either. */
export function withLowS(alg: Algorithm, signature: Uint8Array): Uint8Array {
  if (signature.length !== signatureBytes || isOfShape(alg, signature)) return signature
  const bytes = Buffer.from(signature)
  const s = order - BigInt(`0x${bytes.toString('hex', 32)}`)
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
}

function isOfShape(alg: Algorithm, signature: Uint8Array): boolean {
  if (signature.length !== signatureBytes) return false
  return alg === 'Ed25519' || lowMost.compare(signature, 32) >= 0
}
