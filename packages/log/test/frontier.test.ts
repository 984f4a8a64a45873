import fc from 'fast-check'
import t from 'tap'
import {
  decodeFrontier,
  emptyFrontier,
  emptyRoot,
  encodeFrontier,
  extendFrontier,
  rootOf,
  rootOfLeaves,
} from '../src/index.ts'
import { leavesOf, naiveRoot } from './support/naive-tree.ts'

const leaves = leavesOf(600)

t.test('a frontier', async (t) => {
  await t.test('has the root of the whole tree at every size', async (t) => {
    let frontier = emptyFrontier
    for (let size = 0; size <= 300; size++) {
      if (!Buffer.from(rootOf(frontier)).equals(naiveRoot(leaves.slice(0, size)))) t.fail(`size ${size}`)
      frontier = extendFrontier(frontier, leaves.slice(size, size + 1))
    }
    t.equal(frontier.size, 301)
  })

  await t.test('is the same whatever the batches were', async (t) => {
    const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 4 })
    fc.assert(
      fc.property(sizes, (batches) => {
        let frontier = emptyFrontier
        for (const batch of batches) {
          frontier = extendFrontier(frontier, leaves.slice(frontier.size, frontier.size + batch))
          frontier = decodeFrontier(frontier.size, encodeFrontier(frontier))
        }
        t.same(frontier.hashes, extendFrontier(emptyFrontier, leaves.slice(0, frontier.size)).hashes)
      }),
      { numRuns: 100, seed: 1 },
    )
  })

  await t.test('is not changed by being extended', async (t) => {
    const before = extendFrontier(emptyFrontier, leaves.slice(0, 7))
    const root = rootOf(before)
    extendFrontier(before, leaves.slice(7, 99))
    t.equal(before.size, 7)
    t.same(rootOf(before), root)
  })

  await t.test('of nothing has the root SHA-256("")', async (t) => {
    t.equal(Buffer.from(emptyRoot).toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    t.same(rootOf(emptyFrontier), emptyRoot)
    t.same(rootOfLeaves([]), emptyRoot)
    t.equal(encodeFrontier(emptyFrontier).length, 0)
  })

  await t.test('keeps counting beyond 2^32 leaves', async (t) => {
    const size = 2 ** 40 - 1
    const full = { size, hashes: leaves.slice(0, 40) }
    const subtrees: [number, number][] = []
    const next = extendFrontier(full, leaves.slice(0, 1), (level, index) => subtrees.push([level, index]))
    t.equal(next.size, 2 ** 40)
    t.equal(next.hashes.length, 1)
    t.same(subtrees[0], [1, 2 ** 39 - 1])
    t.same(subtrees.at(-1), [40, 0])
  })

  await t.test('reports each complete subtree once, with its level, index and hash', async (t) => {
    const seen = new Map<string, Uint8Array>()
    const first = extendFrontier(emptyFrontier, leaves.slice(0, 100), report)
    extendFrontier(first, leaves.slice(100, 530), report)
    for (const [name, hash] of seen) {
      const [level, index] = name.split('/').map(Number) as [number, number]
      const width = 2 ** level
      t.same(hash, Buffer.from(naiveRoot(leaves.slice(index * width, (index + 1) * width))), name)
    }
    // Of 530 leaves: 265 pairs, 132 fours, 66, 33, 16, 8, 4, 2 subtrees of 256, and one of 512.
    t.equal(seen.size, 265 + 132 + 66 + 33 + 16 + 8 + 4 + 2 + 1)

    function report(level: number, index: number, hash: Uint8Array): void {
      t.notOk(seen.has(`${level}/${index}`))
      seen.set(`${level}/${index}`, hash)
    }
  })

  await t.test('is refused where its hashes do not follow from its size', async (t) => {
    const honest = extendFrontier(emptyFrontier, leaves.slice(0, 6))
    const bytes = encodeFrontier(honest)
    t.same(decodeFrontier(6, bytes).hashes, honest.hashes)

    t.throws(() => decodeFrontier(7, bytes), { code: 'FRONTIER_MALFORMED' })
    t.throws(() => decodeFrontier(6, bytes.subarray(1)), { code: 'FRONTIER_MALFORMED' })
    t.throws(() => decodeFrontier(4, bytes.subarray(0, 31)), { code: 'FRONTIER_MALFORMED' })
    t.throws(() => extendFrontier({ size: 5, hashes: [] }, []), { code: 'FRONTIER_MALFORMED' })
    t.throws(() => rootOf({ size: 1, hashes: [] }), { code: 'FRONTIER_MALFORMED' })
  })

  await t.test('takes no leaf that is not 32 bytes', async (t) => {
    const [first = emptyRoot, second = emptyRoot] = leaves
    for (const wrong of [first.subarray(1), Buffer.concat([first, first]), new Uint8Array()]) {
      t.throws(() => extendFrontier(emptyFrontier, [first, wrong]), { code: 'FRONTIER_MALFORMED' })
      t.throws(() => rootOfLeaves([wrong, second]), { code: 'FRONTIER_MALFORMED' })
    }
    t.equal(rootOfLeaves([first, second]).length, 32)
  })

  await t.test('is refused beyond the integers that are exact', async (t) => {
    const last = { size: 2 ** 53 - 1, hashes: leaves.slice(0, 53) }
    t.equal(extendFrontier(last, []).size, 2 ** 53 - 1)
    t.throws(() => extendFrontier(last, leaves.slice(0, 1)), { code: 'SIZE_OUT_OF_RANGE' })
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) {
      t.throws(() => decodeFrontier(size, new Uint8Array()), { code: 'SIZE_OUT_OF_RANGE' })
    }
  })
})
