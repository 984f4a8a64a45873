import fc from 'fast-check'
import t from 'tap'
import {
  consistencyRanges,
  emptyFrontier,
  emptyRoot,
  extendFrontier,
  type Hash,
  inclusionRanges,
  type LeafRange,
  rootOf,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.ts'
import { flipBit, leavesOf, naiveConsistency, naivePath } from './support/naive-tree.ts'

const leaves = leavesOf(3000)
const roots = rootsOf(leaves)

t.test('an inclusion proof', async (t) => {
  await t.test(
    'from resolved ranges is that of RFC 6962, and verifies, for every position up to size 130',
    async (t) => {
      let proofs = 0
      for (let size = 1; size <= 130; size++) {
        for (let index = 0; index < size; index++) {
          const proof = inclusionProof(index, size)
          if (size % 10 === 3 && !isSame(proof, naivePath(index, leaves.slice(0, size)))) t.fail(`${index} of ${size}`)
          verifyInclusion(leafAt(index), index, proof, headAt(size))
          proofs++
        }
      }
      t.equal(proofs, (130 * 131) / 2)
    },
  )

  await t.test('verifies for random positions of larger logs', async () => {
    fc.assert(
      fc.property(sizeAndIndex(3000), ([size, index]) => {
        verifyInclusion(leafAt(index), index, inclusionProof(index, size), headAt(size))
      }),
      { numRuns: 150, seed: 2 },
    )
  })

  await t.test('is refused with any one bit flipped in leaf, proof or root', async (t) => {
    const bit = fc.nat(256 * 14)
    fc.assert(
      fc.property(sizeAndIndex(200), fc.constantFrom('leaf', 'proof', 'root'), bit, ([size, index], part, bit) => {
        const proof = inclusionProof(index, size)
        const leaf = part === 'leaf' ? flipBit(leafAt(index), bit) : leafAt(index)
        const root = part === 'root' ? flipBit(headAt(size).root, bit) : headAt(size).root
        fc.pre(part !== 'proof' || proof.length > 0)
        const given = part === 'proof' ? flipIn(proof, bit) : proof
        t.throws(() => verifyInclusion(leaf, index, given, { size, root }), { code: 'ROOT_MISMATCH' })
      }),
      { numRuns: 300, seed: 3 },
    )
  })

  await t.test('is refused for another position, and for another size', async (t) => {
    fc.assert(
      fc.property(sizeAndIndex(200), fc.nat(199), ([size, index], other) => {
        fc.pre(other !== index)
        t.throws(() => verifyInclusion(leafAt(index), other, inclusionProof(index, size), headAt(size)))
        t.throws(() => verifyInclusion(leafAt(index), index, inclusionProof(index, size), headAt(size + 1)))
      }),
      { numRuns: 150, seed: 4 },
    )
  })

  await t.test('is refused before anything is hashed where its length is wrong', async (t) => {
    const proof = inclusionProof(5, 100)
    verifyInclusion(leafAt(5), 5, proof, headAt(100))
    const extra = leafAt(0)
    for (const wrong of [[], proof.slice(1), proof.slice(0, -1), [...proof, extra], Array(64).fill(extra)]) {
      t.throws(() => verifyInclusion(leafAt(5), 5, wrong, headAt(100)), { code: 'PROOF_LENGTH' })
    }
  })

  await t.test('is refused where a hash is not 32 bytes', async (t) => {
    const proof = inclusionProof(5, 100)
    const short = proof.with(2, leafAt(0).subarray(1))
    t.throws(() => verifyInclusion(leafAt(5), 5, short, headAt(100)), { code: 'PROOF_MALFORMED' })
    t.throws(() => verifyInclusion(Buffer.concat([leafAt(5), leafAt(5)]), 5, proof, headAt(100)), {
      code: 'PROOF_MALFORMED',
    })
  })

  await t.test('is refused for a position outside the log', async (t) => {
    for (const index of [100, -1, 0.5, 2 ** 53]) {
      t.throws(() => verifyInclusion(leafAt(5), index, inclusionProof(5, 100), headAt(100)), {
        code: 'INDEX_OUT_OF_RANGE',
      })
    }
    t.throws(() => verifyInclusion(leafAt(0), 0, [], { size: 0, root: emptyRoot }), { code: 'INDEX_OUT_OF_RANGE' })
  })
})

t.test('a consistency proof', async (t) => {
  await t.test('from resolved ranges is that of RFC 6962, and verifies, for all sizes up to 130', async (t) => {
    let proofs = 0
    for (let to = 0; to <= 130; to++) {
      for (let from = 0; from <= to; from++) {
        const proof = consistencyProof(from, to)
        const isChecked = to % 10 === 7 && from > 0
        if (isChecked && !isSame(proof, naiveConsistency(from, leaves.slice(0, to)))) t.fail(`${from} to ${to}`)
        verifyConsistency(headAt(from), headAt(to), proof)
        proofs++
      }
    }
    t.equal(proofs, (131 * 132) / 2)
  })

  await t.test('verifies between random sizes of larger logs', async () => {
    fc.assert(
      fc.property(sizePair(3000), ([from, to]) => {
        verifyConsistency(headAt(from), headAt(to), consistencyProof(from, to))
      }),
      { numRuns: 150, seed: 5 },
    )
  })

  await t.test('is refused with any one bit flipped in proof or roots', async (t) => {
    const bit = fc.nat(256 * 14)
    fc.assert(
      fc.property(sizePair(200), fc.constantFrom('earlier', 'later', 'proof'), bit, ([from, to], part, bit) => {
        const proof = consistencyProof(from, to)
        fc.pre(proof.length > 0)
        const earlier = part === 'earlier' ? flipBit(headAt(from).root, bit) : headAt(from).root
        const later = part === 'later' ? flipBit(headAt(to).root, bit) : headAt(to).root
        const given = part === 'proof' ? flipIn(proof, bit) : proof
        t.throws(() => verifyConsistency({ size: from, root: earlier }, { size: to, root: later }, given), {
          code: 'ROOT_MISMATCH',
        })
      }),
      { numRuns: 300, seed: 6 },
    )
  })

  await t.test('is refused where an earlier leaf was changed, removed or put in', async (t) => {
    const from = headAt(60)
    const changed = leaves.slice(0, 100).with(41, leafAt(2999))
    const removed = leaves.slice(0, 101).toSpliced(41, 1)
    const inserted = leaves.slice(0, 99).toSpliced(41, 0, leafAt(2999))
    for (const other of [changed, removed, inserted]) {
      const proof = naiveConsistency(60, other)
      t.throws(() => verifyConsistency(from, { size: 100, root: rootOfLeaves(other) }, proof), {
        code: 'ROOT_MISMATCH',
      })
    }
    verifyConsistency(from, headAt(100), naiveConsistency(60, leaves.slice(0, 100)))
  })

  await t.test('is refused before anything is hashed where its length is wrong', async (t) => {
    const proof = consistencyProof(60, 100)
    const extra = leafAt(0)
    for (const wrong of [[], proof.slice(1), [...proof, extra], Array(64).fill(extra)]) {
      t.throws(() => verifyConsistency(headAt(60), headAt(100), wrong), { code: 'PROOF_LENGTH' })
    }
    t.throws(() => verifyConsistency(headAt(60), headAt(100), proof.with(0, new Uint8Array(31))), {
      code: 'PROOF_MALFORMED',
    })
  })

  await t.test('between equal sizes needs equal roots and no hash', async (t) => {
    verifyConsistency(headAt(7), headAt(7), [])
    t.throws(() => verifyConsistency(headAt(7), headAt(7), [leafAt(0)]), { code: 'PROOF_LENGTH' })
    t.throws(() => verifyConsistency(headAt(7), { size: 7, root: headAt(8).root }, []), { code: 'ROOT_MISMATCH' })
  })

  await t.test('from size 0 needs the root SHA-256("") and no hash', async (t) => {
    verifyConsistency(headAt(0), headAt(9), [])
    verifyConsistency(headAt(0), headAt(0), [])
    t.throws(() => verifyConsistency(headAt(0), headAt(9), [leafAt(0)]), { code: 'PROOF_LENGTH' })
    t.throws(() => verifyConsistency({ size: 0, root: leafAt(0) }, headAt(9), []), { code: 'ROOT_MISMATCH' })
    const zero = { size: 0, root: leafAt(0) }
    t.throws(() => verifyConsistency(zero, zero, []), { code: 'ROOT_MISMATCH' })
  })

  await t.test('backwards is refused', async (t) => {
    t.throws(() => verifyConsistency(headAt(9), headAt(8), []), { code: 'SIZE_OUT_OF_RANGE' })
    t.throws(() => verifyConsistency({ size: -1, root: emptyRoot }, headAt(8), []), { code: 'SIZE_OUT_OF_RANGE' })
    t.throws(() => verifyConsistency({ size: 0.5, root: emptyRoot }, headAt(8), []), { code: 'SIZE_OUT_OF_RANGE' })
  })
})

function inclusionProof(index: number, size: number): Hash[] {
  return inclusionRanges(index, size).map(resolve)
}

function consistencyProof(from: number, to: number): Hash[] {
  return consistencyRanges(from, to).map(resolve)
}

function resolve({ from, to }: LeafRange): Hash {
  return rootOfLeaves(leaves.slice(from, to))
}

function rootsOf(leaves: readonly Hash[]): Hash[] {
  const all = [emptyRoot]
  let frontier = emptyFrontier
  for (const leaf of leaves) {
    frontier = extendFrontier(frontier, [leaf])
    all.push(rootOf(frontier))
  }
  return all
}

function leafAt(index: number): Hash {
  return leaves[index] as Hash
}

function headAt(size: number): { size: number; root: Hash } {
  return { size, root: roots[size] as Hash }
}

function isSame(a: readonly Hash[], b: readonly Hash[]): boolean {
  return Buffer.concat(a).equals(Buffer.concat(b))
}

function flipIn(proof: readonly Hash[], bit: number): Hash[] {
  const at = Math.floor(bit / 256) % proof.length
  return proof.with(at, flipBit(proof[at] as Hash, bit % 256))
}

function sizeAndIndex(max: number): fc.Arbitrary<[number, number]> {
  return fc.integer({ min: 1, max: max - 1 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
}

function sizePair(max: number): fc.Arbitrary<[number, number]> {
  return fc.integer({ min: 1, max }).chain((to) => fc.tuple(fc.integer({ min: 1, max: to }), fc.constant(to)))
}
