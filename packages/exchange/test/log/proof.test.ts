import { verifyConsistency, verifyInclusion, verifyRecordProof } from '@concordance/log'
import { decodeBase64url } from '@concordance/protocol'
import fc from 'fast-check'
import t from 'tap'
import { exportRecord } from '../../src/export-record.ts'
import { proveConsistency, proveInclusion } from '../../src/log/proof.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { appendRecord } from '../../src/publish.ts'
import { input, marks } from '../support/content.ts'
import { call, openInstitute } from '../support/institute.ts'

const everybody = { kind: 'public' } as const
const person = { kind: 'person', subject: 'ada', staff: true } as const

t.test('proofs of a log with several stored subtrees', async (t) => {
  const { deps } = await openInstitute(t)
  const total = 600
  await Promise.all(Array.from({ length: total - 1 }, () => appendRecord(deps, input(), call())))
  await deps.writer.seal()
  const head = ({ size, root }: { size: number; root: string }) => ({ size, root: decodeBase64url(root) })
  const decode = (hashes: readonly string[]) => hashes.map((hash) => decodeBase64url(hash))

  await t.test('prove inclusion of any entry at any size', async (t) => {
    const places = fc
      .integer({ min: 1, max: total })
      .chain((size) => fc.tuple(fc.integer({ min: 0, max: size - 1 }), fc.constant(size)))
    const property = fc.asyncProperty(places, async ([position, size]) => {
      const proof = await proveInclusion(deps, everybody, { position, size })
      verifyInclusion(decodeBase64url(proof.leaf), position, decode(proof.hashes), head(proof))
    })
    await fc.assert(property, { numRuns: 40, seed: 7, examples: [[[255, 256]], [[256, 512]], [[599, 600]], [[0, 1]]] })
    t.pass()
  })

  await t.test('prove consistency between any two sizes', async (t) => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: total }), fc.integer({ min: 0, max: total }))
    const property = fc.asyncProperty(sizes, async (two) => {
      const [from = 0, to = 0] = two.sort((a, b) => a - b)
      const proof = await proveConsistency(deps, { from, to })
      verifyConsistency(head(proof.from), head(proof.to), decode(proof.hashes))
    })
    await fc.assert(property, {
      numRuns: 40,
      seed: 7,
      examples: [[[256, 512]], [[1, 600]], [[512, 600]], [[600, 600]]],
    })
    t.pass()
  })

  await t.test('are refused beyond the signed size and for contradictory questions', async (t) => {
    await t.rejects(proveInclusion(deps, everybody, { position: total }), { code: 'not-found' })
    await t.rejects(proveInclusion(deps, everybody, { position: 5, size: 5 }), { code: 'not-found' })
    await t.rejects(proveInclusion(deps, everybody, { position: 0, size: total + 1 }), { code: 'not-found' })
    await t.rejects(proveInclusion(deps, everybody, {}), { code: 'invalid' })
    await t.rejects(proveConsistency(deps, { from: 5, to: 4 }), { code: 'invalid' })
    await t.rejects(proveConsistency(deps, { from: 1, to: total + 1 }), { code: 'not-found' })
  })
})

t.test('a record of a copied log is proven without note and stored subtrees, which are not copied', async (t) => {
  const { deps, pin } = await openInstitute(t)
  const receipts = await Promise.all(Array.from({ length: 300 }, () => appendRecord(deps, input(), call())))
  await deps.writer.seal()
  await projectAll(deps)
  await deps.pool.query('delete from subtree')
  await deps.pool.query('update checkpoint set note = null')
  for (const { recordId, position } of [receipts[0], receipts[299]].filter((receipt) => receipt !== undefined)) {
    const proof = await exportRecord(deps, person, recordId)
    t.match(proof, { proof: null, position, hashes: [String] })
    t.equal(verifyRecordProof(JSON.parse(JSON.stringify(proof)), pin).recordId, recordId)
  }
})

t.test('the proof of one record', async (t) => {
  const { deps, pin } = await openInstitute(t)
  const clear = await appendRecord(deps, input({ mark: marks.clear }), call())
  const red = await appendRecord(deps, input({ mark: marks.red }), call())
  await deps.writer.seal()
  await projectAll(deps)

  await t.test('convinces offline whoever trusts the pin, and nobody under another one', async (t) => {
    const proof = JSON.parse(JSON.stringify(await exportRecord(deps, everybody, clear.recordId)))
    t.equal(verifyRecordProof(proof, pin).recordId, clear.recordId)
    t.throws(() => verifyRecordProof(proof, 'A'.repeat(43)), { code: 'PIN_MISMATCH' })
  })

  await t.test('is not found by whoever may not know of the record', async (t) => {
    await t.rejects(exportRecord(deps, everybody, red.recordId), { code: 'not-found' })
    await t.rejects(proveInclusion(deps, everybody, { record: red.recordId }), { code: 'not-found' })
    t.equal(verifyRecordProof(await exportRecord(deps, person, red.recordId), pin).recordId, red.recordId)
    t.equal((await proveInclusion(deps, everybody, { record: clear.recordId })).position, clear.position)
  })
})
