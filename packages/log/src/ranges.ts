import { verifyIndex, verifySize } from './bounds.ts'
import { LogError } from './error.ts'

/** Leaves `[from, to)`. Its hash is the root of the tree over these leaves alone. */
export interface LeafRange {
  readonly from: number
  readonly to: number
}

/**
 * Which leaves each hash of an inclusion proof stands for, in proof order: leaf's sibling first
 * (RFC 6962 §2.1.1). The hashes of these ranges are the proof. A range that ends before `size` is
 * complete: its width is a power of two and its start a multiple of it.
 *
 * @throws {LogError} `SIZE_OUT_OF_RANGE`, or `INDEX_OUT_OF_RANGE` unless `0 <= index < size`.
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  verifyIndex(index, size)
  const siblings: LeafRange[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      siblings.push({ from: middle, to })
      to = middle
    } else {
      siblings.push({ from, to: middle })
      from = middle
    }
  }
  return siblings.reverse()
}

/**
 * Which leaves each hash of a consistency proof stands for, in proof order (RFC 6962 §2.1.2).
 * Nothing has to be proven from size 0, or between equal sizes: both have no ranges.
 *
 * @throws {LogError} `SIZE_OUT_OF_RANGE` unless `0 <= from <= to`.
 */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  verifySizes(from, to)
  if (from === 0 || from === to) return []

  const ranges: LeafRange[] = []
  let node: LeafRange = { from: 0, to }
  while (node.to !== from) {
    const middle = node.from + splitOf(node.to - node.from)
    const [left, right] = [
      { from: node.from, to: middle },
      { from: middle, to: node.to },
    ]
    ranges.push(from <= middle ? right : left)
    node = from <= middle ? left : right
  }
  // A node from 0 is the whole earlier tree, and its root is already known to whoever verifies.
  if (node.from > 0) ranges.push(node)
  return ranges.reverse()
}

function verifySizes(from: number, to: number): void {
  verifySize(from)
  verifySize(to)
  if (from > to) throw new LogError('SIZE_OUT_OF_RANGE', `a log of size ${to} cannot extend one of size ${from}`)
}

/** The largest power of two below `width`; requires `width >= 2`. */
function splitOf(width: number): number {
  let split = 1
  while (split * 2 < width) split *= 2
  return split
}
