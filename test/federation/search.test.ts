import { api, type InstituteAnswer } from '@concordance/protocol'
import t from 'tap'
import type { Institute } from '../network/start-network.ts'
import { publish, round, startTestNetwork } from '../network/test-network.ts'

t.test('a federated search', async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo', 'lima'], { lines: true })
  const asker = network.institute('nairobi')
  const oslo = network.institute('oslo')
  const lima = network.institute('lima')
  const fromOslo = await publish(oslo, 'Sycophancy was seen in Oslo.')
  const fromLima = await publish(lima, 'Sycophancy was seen in Lima.')
  await round(asker, oslo, lima)

  await t.test('is complete when every peer answers', async (t) => {
    const { hits, complete, institutes } = await search(asker, 1_000)
    t.equal(complete, true)
    t.strictSame(statusesOf(institutes), [
      [lima.entityId, 'ok'],
      [oslo.entityId, 'ok'],
    ])
    t.strictSame(
      hits.map(({ recordId }) => recordId).sort(),
      [fromOslo.recordId, fromLima.recordId].sort(),
      'a record that is both copied here and found there stands once',
    )
  })

  for (const budgetMs of [1_000, 2_000]) {
    await t.test(`answers within ${budgetMs} ms and a tenth while one peer hangs, and names it`, async (t) => {
      const line = network.line('nairobi', 'lima')
      line.mode = { kind: 'hang' }
      t.teardown(() => {
        line.mode = { kind: 'pass' }
      })
      const started = performance.now()
      const { hits, complete, institutes } = await search(asker, budgetMs)
      const tookMs = performance.now() - started
      t.comment(`${Math.round(tookMs)} ms of ${budgetMs}`)
      t.ok(tookMs <= budgetMs * 1.1, `${tookMs} ms`)
      t.equal(complete, false)
      t.strictSame(statusesOf(institutes), [
        [lima.entityId, 'timeout'],
        [oslo.entityId, 'ok'],
      ])
      t.ok(hits.some(({ recordId }) => recordId === fromOslo.recordId))
    })
  }

  await t.test('names a peer that is gone, and one whose answer was altered', async (t) => {
    network.line('nairobi', 'oslo').mode = { kind: 'cut' }
    network.line('nairobi', 'lima').mode = { kind: 'alter', alter: (body) => Buffer.from(body.map(flipLast)) }
    const { complete, institutes } = await search(asker, 1_000)
    t.equal(complete, false)
    t.match(institutes, [{ status: 'unreachable' }, { status: 'unreachable' }])
  })
})

/** Exactly one a peer, by name. */
function statusesOf(institutes: readonly InstituteAnswer[]) {
  return institutes.map(({ iss, status }) => [iss, status]).sort()
}

/** One bit of the last digit before the end of the answer. */
function flipLast(byte: number, index: number, bytes: Uint8Array): number {
  return index === bytes.length - 10 ? byte ^ 1 : byte
}

async function search({ client }: Institute, budgetMs: number) {
  return client.call(api.search, { query: { q: 'sycophancy', federated: true, budgetMs } })
}
