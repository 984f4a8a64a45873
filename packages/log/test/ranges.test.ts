import t from 'tap'
import { consistencyRanges, inclusionRanges, type LeafRange } from '../src/index.ts'

t.test('the ranges of an inclusion proof', async (t) => {
  await t.test('cover every other leaf exactly once', async (t) => {
    for (let size = 1; size <= 70; size++) {
      for (let index = 0; index < size; index++) {
        const covered = inclusionRanges(index, size).flatMap(positionsOf)
        t.same(
          [...covered, index].sort((a, b) => a - b),
          Array.from({ length: size }, (_, i) => i),
        )
      }
    }
  })

  await t.test('are complete subtrees wherever they end before the end of the log', async (t) => {
    for (const size of [1, 255, 256, 257, 99_999, 2 ** 33 + 77]) {
      for (const index of [0, Math.floor(size / 3), size - 1]) {
        for (const { from, to } of inclusionRanges(index, size)) {
          if (to === size) continue
          t.ok(Number.isInteger(Math.log2(to - from)))
          t.equal(from % (to - from), 0)
        }
      }
    }
  })

  await t.test('are at most 53 for the largest log there can be', async (t) => {
    t.equal(inclusionRanges(0, 2 ** 53 - 1).length, 53)
    t.equal(inclusionRanges(2 ** 53 - 2, 2 ** 53 - 1).length, 52)
  })

  await t.test('do not exist outside the log', async (t) => {
    t.same(inclusionRanges(0, 1), [])
    for (const index of [-1, 5, 1.5, Number.NaN, 2 ** 53]) {
      t.throws(() => inclusionRanges(index, 5), { code: 'INDEX_OUT_OF_RANGE' })
    }
    t.throws(() => inclusionRanges(0, 0), { code: 'INDEX_OUT_OF_RANGE' })
    t.throws(() => inclusionRanges(0, 2 ** 53), { code: 'SIZE_OUT_OF_RANGE' })
    t.throws(() => inclusionRanges(0, -1), { code: 'SIZE_OUT_OF_RANGE' })
  })
})

t.test('the ranges of a consistency proof', async (t) => {
  await t.test('cover the log once, but for an earlier tree that is one whole subtree', async (t) => {
    for (let to = 2; to <= 70; to++) {
      for (let from = 1; from < to; from++) {
        const covered = consistencyRanges(from, to)
          .flatMap(positionsOf)
          .sort((a, b) => a - b)
        const first = Number.isInteger(Math.log2(from)) ? from : 0
        t.same(
          covered,
          Array.from({ length: to - first }, (_, i) => first + i),
        )
      }
    }
  })

  await t.test('are none from size 0 and between equal sizes', async (t) => {
    t.same(consistencyRanges(0, 9), [])
    t.same(consistencyRanges(9, 9), [])
    t.same(consistencyRanges(0, 0), [])
  })

  await t.test('are at most 54, so that no proof comes near the 63 hashes of the format', async (t) => {
    const sizes = [1, 3, 2 ** 52 + 1, 2 ** 53 - 3, 2 ** 53 - 2]
    const longest = Math.max(...sizes.map((from) => consistencyRanges(from, 2 ** 53 - 1).length))
    t.equal(longest, 54)
  })

  await t.test('do not exist backwards', async (t) => {
    t.throws(() => consistencyRanges(5, 4), { code: 'SIZE_OUT_OF_RANGE' })
    t.throws(() => consistencyRanges(-1, 4), { code: 'SIZE_OUT_OF_RANGE' })
    t.throws(() => consistencyRanges(1, 2 ** 53), { code: 'SIZE_OUT_OF_RANGE' })
  })
})

function positionsOf({ from, to }: LeafRange): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
