import { verify } from 'node:crypto'
import type { VerifyKey } from './keys.ts'

/** Raw signatures of both algorithms, `R || S` and `r || s`. */
const signatureBytes = 64

/** Ed25519 (RFC 8032 §5.1.7) or ECDSA P-256 with SHA-256 (RFC 7518 §3.4). */
export function verifySignature({ alg, keyObject }: VerifyKey, input: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== signatureBytes) return false
  if (alg === 'Ed25519') return verify(null, input, keyObject, signature)
  return verify('sha256', input, { key: keyObject, dsaEncoding: 'ieee-p1363' }, signature)
}

/** As `verifySignature`, in the thread pool of the runtime. */
export function verifySignatureAsync(
  { alg, keyObject }: VerifyKey,
  input: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== signatureBytes) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    const key = alg === 'Ed25519' ? keyObject : { key: keyObject, dsaEncoding: 'ieee-p1363' as const }
    verify(alg === 'Ed25519' ? null : 'sha256', input, key, signature, (error, valid) =>
      error === null ? resolve(valid) : reject(error),
    )
  })
}
