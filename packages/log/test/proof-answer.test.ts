import { encodeBase64url } from '@concordance/protocol'
import t from 'tap'
import { parseConsistencyAnswer, parseInclusionAnswer } from '../src/index.ts'
import { leavesOf } from './support/naive-tree.ts'

const [hash = '', other = ''] = leavesOf(2).map(encodeBase64url)
const inclusion = { position: 1, leaf: hash, size: 2, root: other, hashes: [hash] }
const consistency = { from: { size: 1, root: hash }, to: { size: 2, root: other }, hashes: [other] }

t.test('the answer to a question for proof', async (t) => {
  await t.test('is read into bytes and numbers, whatever else it holds', async (t) => {
    const read = parseInclusionAnswer({ ...inclusion, more: true })
    t.equal(read.position, 1)
    t.equal(read.tree.size, 2)
    t.same([read.leaf, read.tree.root, ...read.proof].map(encodeBase64url), [hash, other, hash])

    const grown = parseConsistencyAnswer({ ...consistency, more: true })
    t.same([grown.from.size, grown.to.size], [1, 2])
    t.same([grown.from.root, grown.to.root, ...grown.proof].map(encodeBase64url), [hash, other, other])
  })

  await t.test('may hold 63 hashes and no more', async (t) => {
    t.equal(parseInclusionAnswer({ ...inclusion, hashes: Array(63).fill(hash) }).proof.length, 63)
    const hashes = Array(64).fill(hash)
    t.throws(() => parseInclusionAnswer({ ...inclusion, hashes }), { code: 'PROOF_MALFORMED' })
    t.throws(() => parseConsistencyAnswer({ ...consistency, hashes }), { code: 'PROOF_MALFORMED' })
  })

  await t.test('is refused where a number is not an exact one', async (t) => {
    for (const number of [-1, 0.5, 2 ** 53, Number.NaN, '1', null, undefined, [1]]) {
      t.throws(() => parseInclusionAnswer({ ...inclusion, position: number }), { code: 'PROOF_MALFORMED' })
      t.throws(() => parseInclusionAnswer({ ...inclusion, size: number }), { code: 'PROOF_MALFORMED' })
      const from = { ...consistency.from, size: number }
      t.throws(() => parseConsistencyAnswer({ ...consistency, from }), { code: 'PROOF_MALFORMED' })
    }
  })

  await t.test('is refused where a hash is not 32 bytes in strict base64url', async (t) => {
    const standard = Buffer.alloc(32, 0xff).toString('base64')
    for (const text of [
      '',
      hash.slice(1),
      `${hash}A`,
      `${hash}=`,
      ` ${hash}`,
      standard,
      `${hash.slice(0, 42)}B`,
      7,
      null,
    ]) {
      t.throws(() => parseInclusionAnswer({ ...inclusion, leaf: text }), { code: 'PROOF_MALFORMED' })
      t.throws(() => parseInclusionAnswer({ ...inclusion, root: text }), { code: 'PROOF_MALFORMED' })
      t.throws(() => parseInclusionAnswer({ ...inclusion, hashes: [hash, text] }), { code: 'PROOF_MALFORMED' })
      t.throws(() => parseConsistencyAnswer({ ...consistency, hashes: [text] }), { code: 'PROOF_MALFORMED' })
    }
  })

  await t.test('is refused where it is no such answer at all', async (t) => {
    for (const value of [undefined, null, 1, 'x', [], {}]) {
      t.throws(() => parseInclusionAnswer(value), {
        code: 'PROOF_MALFORMED',
      })
      t.throws(() => parseConsistencyAnswer(value), { code: 'PROOF_MALFORMED' })
    }
    t.throws(() => parseInclusionAnswer({ ...inclusion, hashes: hash }), { code: 'PROOF_MALFORMED' })
    t.throws(() => parseConsistencyAnswer({ ...consistency, from: null }), { code: 'PROOF_MALFORMED' })
  })
})
