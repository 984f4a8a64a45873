import { createHash } from 'node:crypto'

/** RFC 6962 §2.1 word for word, recursive and slow, over leaf hashes: what the fast code is held to. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) return createHash('sha256').digest()
  if (leaves.length === 1) return only
  const k = naiveSplit(leaves.length)
  return createHash('sha256')
    .update(Uint8Array.of(1))
    .update(naiveRoot(leaves.slice(0, k)))
    .update(naiveRoot(leaves.slice(k)))
    .digest()
}

/** `PATH(m, D[n])` of RFC 6962 §2.1.1. */
export function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return []
  const k = naiveSplit(leaves.length)
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)]
  return m < k ? [...naivePath(m, left), naiveRoot(right)] : [...naivePath(m - k, right), naiveRoot(left)]
}

/** `PROOF(m, D[n])` of RFC 6962 §2.1.2; requires `0 < m <= n`. */
export function naiveConsistency(m: number, leaves: readonly Uint8Array[], isWhole = true): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)]
  const k = naiveSplit(leaves.length)
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)]
  return m <= k
    ? [...naiveConsistency(m, left, isWhole), naiveRoot(right)]
    : [...naiveConsistency(m - k, right, false), naiveRoot(left)]
}

/** `count` leaf hashes, different for every seed. */
export function leavesOf(count: number, seed = 'leaf'): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest())
}

/** A copy with one bit turned over; `bit` counts from the first byte's lowest. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = Math.floor(bit / 8) % copy.length
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8))
  return copy
}

function naiveSplit(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1))
}
