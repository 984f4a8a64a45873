import { hash } from 'node:crypto'

/** A SHA-256 digest: 32 bytes. Leaf hashes are made by `leafHashOf` of `@concordance/protocol`. */
export type Hash = Uint8Array

/** Bytes in a {@link Hash}. */
export const hashBytes = 32

/** Root of the tree without leaves: `SHA-256("")` (RFC 6962 §2.1). */
export const emptyRoot: Hash = hash('sha256', '', 'buffer')

/** Prefix, left, right. Reused by every call: hashing is synchronous, and the digest is copied out. */
const node = new Uint8Array(1 + 2 * hashBytes).fill(1, 0, 1)

/**
 * Hash of an inner node: `SHA-256(0x01 || left || right)` (RFC 6962 §2.1).
 * Both arguments are 32 bytes; who takes them from outside has checked that.
 */
export function hashChildren(left: Hash, right: Hash): Hash {
  node.set(left, 1)
  node.set(right, 1 + hashBytes)
  return hash('sha256', node, 'buffer')
}

export function isSameHash(a: Hash, b: Hash): boolean {
  return Buffer.compare(a, b) === 0
}
