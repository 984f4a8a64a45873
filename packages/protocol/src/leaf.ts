import { hash } from 'node:crypto'
import { decodeBase64url } from './base64url.ts'

/** Leaf input of a record: `0x01 || record id`, 33 bytes. */
export function leafInputOf(recordId: string): Uint8Array {
  return prefixed(1, decodeBase64url(recordId))
}

/** Leaf input of a cover leaf, which stands for nothing: `0x00 || 32 random bytes`. Its leaf looks like any other. */
export function coverLeafInputOf(random: Uint8Array): Uint8Array {
  return prefixed(0, random)
}

/** Leaf hash: `SHA-256(0x00 || leaf input)` (RFC 9162 §2.1.1). */
export function leafHashOf(leafInput: Uint8Array): Uint8Array {
  return hash('sha256', prefixed(0, leafInput), 'buffer')
}

function prefixed(prefix: number, bytes: Uint8Array): Uint8Array {
  const whole = Buffer.allocUnsafe(bytes.length + 1)
  whole[0] = prefix
  whole.set(bytes, 1)
  return whole
}
