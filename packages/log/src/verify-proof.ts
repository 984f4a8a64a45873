import { LogError } from './error.ts'
import { emptyRoot, type Hash, hashBytes, hashChildren, isSameHash } from './hash.ts'
import { consistencyRanges, inclusionRanges } from './ranges.ts'

/** What a checkpoint commits to: so many leaves, and the root over them. */
export interface TreeHead {
  readonly size: number
  readonly root: Hash
}

/**
 * Checks that a leaf stands at `index` in the tree a checkpoint commits to (RFC 9162 §2.1.3.2).
 * The caller has already verified the signature on the checkpoint.
 *
 * @param leaf Leaf hash, 32 bytes: `SHA-256(0x00 || leaf input)`.
 * @param index Zero-based; requires `0 <= index < tree.size`.
 * @param proof Sibling hashes, leaf to root, 32 bytes each. Attacker-controlled: nothing is hashed
 *   before their number is exactly the one that index and size require (at most 53).
 * @throws {LogError} `SIZE_OUT_OF_RANGE`, `INDEX_OUT_OF_RANGE`, `PROOF_LENGTH`, `PROOF_MALFORMED` or `ROOT_MISMATCH`.
 */
export function verifyInclusion(leaf: Hash, index: number, proof: readonly Hash[], tree: TreeHead): void {
  const siblings = inclusionRanges(index, tree.size)
  verifyHashes(proof, siblings.length)
  verifyHashes([leaf], 1)

  const root = siblings.reduce((node, sibling, i) => {
    const hash = proof[i] as Hash
    return sibling.from > index ? hashChildren(node, hash) : hashChildren(hash, node)
  }, leaf)
  verifyRoot(root, tree)
}

/**
 * Checks that the tree of `to` has the tree of `from` as its prefix (RFC 9162 §2.1.4.2).
 * The caller has already verified the signatures on both checkpoints.
 *
 * Size 0 has the root `SHA-256("")` and no other. From size 0 only an empty proof is accepted: it says
 * nothing about `to.root` but that some tree may have it. Equal sizes need equal roots and an empty proof.
 *
 * @param proof 32 bytes each, in the order of RFC 6962 §2.1.2. Attacker-controlled: nothing is hashed
 *   before their number is exactly the one that the sizes require (at most 54).
 * @throws {LogError} `SIZE_OUT_OF_RANGE`, `PROOF_LENGTH`, `PROOF_MALFORMED` or `ROOT_MISMATCH`.
 */
export function verifyConsistency(from: TreeHead, to: TreeHead, proof: readonly Hash[]): void {
  const ranges = consistencyRanges(from.size, to.size)
  verifyHashes(proof, ranges.length)
  if (from.size === 0) verifyRoot(emptyRoot, from)
  if (from.size === to.size) verifyRoot(from.root, to)
  if (ranges.length === 0) return

  // The walk starts at the node that ends where the earlier tree ends: all of that tree, or its last part.
  const startsInside = ranges[0]?.to === from.size
  let earlier = startsInside ? (proof[0] as Hash) : from.root
  let later = earlier
  for (let i = startsInside ? 1 : 0; i < ranges.length; i++) {
    const hash = proof[i] as Hash
    const isRight = (ranges[i]?.from ?? 0) >= from.size
    if (!isRight) earlier = hashChildren(hash, earlier)
    later = isRight ? hashChildren(later, hash) : hashChildren(hash, later)
  }
  verifyRoot(earlier, from)
  verifyRoot(later, to)
}

function verifyHashes(hashes: readonly Hash[], expected: number): void {
  if (hashes.length !== expected) {
    throw new LogError('PROOF_LENGTH', `a proof of ${hashes.length} hashes where ${expected} are required`)
  }
  if (hashes.some((hash) => hash.length !== hashBytes)) {
    throw new LogError('PROOF_MALFORMED', `a hash of a proof is not ${hashBytes} bytes`)
  }
}

function verifyRoot(computed: Hash, { size, root }: TreeHead): void {
  if (!isSameHash(computed, root))
    throw new LogError('ROOT_MISMATCH', `the hashes do not lead to the root of size ${size}`)
}
