import { verifySize } from './bounds.ts'
import { LogError } from './error.ts'
import { emptyRoot, type Hash, hashBytes, hashChildren } from './hash.ts'

/**
 * All that has to be kept of a tree to go on appending to it: the roots of its maximal complete
 * subtrees, largest (leftmost) first. There is one hash for every bit that is set in `size`.
 */
export interface Frontier {
  readonly size: number
  readonly hashes: readonly Hash[]
}

export const emptyFrontier: Frontier = { size: 0, hashes: [] }

/**
 * Appends leaves and returns the new frontier; the given one stays as it is.
 *
 * @param leaves Leaf hashes, 32 bytes each, in log order.
 * @param onSubtree Told of every subtree that becomes complete, children before parents. The subtree
 *   has `2 ** level` leaves (`level >= 1`) and covers positions `[index * 2 ** level, (index + 1) * 2 ** level)`.
 * @throws {LogError} `FRONTIER_MALFORMED`, or `SIZE_OUT_OF_RANGE` beyond 2^53-1 leaves.
 */
export function extendFrontier(
  frontier: Frontier,
  leaves: readonly Hash[],
  onSubtree?: (level: number, index: number, hash: Hash) => void,
): Frontier {
  verifyFrontier(frontier)
  verifySize(frontier.size + leaves.length)
  if (leaves.some((leaf) => leaf.length !== hashBytes)) {
    throw new LogError('FRONTIER_MALFORMED', `a leaf hash is not ${hashBytes} bytes`)
  }

  const stack = [...frontier.hashes]
  let size = frontier.size
  for (const leaf of leaves) {
    let top = leaf
    let index = size
    // Every low bit set in the size is a complete subtree on the stack, as large as the one being completed.
    for (let level = 1; index % 2 === 1; level++) {
      top = hashChildren(stack.pop() as Hash, top)
      index = (index - 1) / 2
      onSubtree?.(level, index, top)
    }
    stack.push(top)
    size++
  }
  return { size, hashes: stack }
}

/** Root of the tree (RFC 6962 §2.1); of the empty one, `emptyRoot`. @throws {LogError} `FRONTIER_MALFORMED`. */
export function rootOf(frontier: Frontier): Hash {
  verifyFrontier(frontier)
  const smallestFirst = frontier.hashes.toReversed()
  return smallestFirst.length === 0 ? emptyRoot : smallestFirst.reduce((right, left) => hashChildren(left, right))
}

/** The hashes one after another, 32 bytes each; the size is kept beside them. @throws {LogError} `FRONTIER_MALFORMED`. */
export function encodeFrontier(frontier: Frontier): Uint8Array {
  verifyFrontier(frontier)
  return Buffer.concat(frontier.hashes)
}

/** Inverse of `encodeFrontier`. @throws {LogError} `FRONTIER_MALFORMED`. */
export function decodeFrontier(size: number, bytes: Uint8Array): Frontier {
  const hashes = Array.from({ length: Math.ceil(bytes.length / hashBytes) }, (_, i) =>
    bytes.slice(i * hashBytes, (i + 1) * hashBytes),
  )
  const frontier = { size, hashes }
  verifyFrontier(frontier)
  return frontier
}

/** Root of the tree over these leaves alone: any number of them, as a range of a proof may be ragged at the log's end. */
export function rootOfLeaves(leaves: readonly Hash[]): Hash {
  return rootOf(extendFrontier(emptyFrontier, leaves))
}

function verifyFrontier({ size, hashes }: Frontier): void {
  verifySize(size)
  if (hashes.length !== countBits(size) || hashes.some((hash) => hash.length !== hashBytes)) {
    throw new LogError('FRONTIER_MALFORMED', `${hashes.length} hashes are not a frontier of size ${size}`)
  }
}

function countBits(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}
