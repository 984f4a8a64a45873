import { randomUUID } from 'node:crypto'
import { startNode } from '@concordance/node'
import t from 'tap'
import { publishAndFind, verifiedOf } from '../../network/publish-and-find.ts'
import type { Institute } from '../../network/start-network.ts'
import { publish, round, startTestNetwork } from '../../network/test-network.ts'

/** Enough to keep a node busy for a while; the acceptance says 20,000. */
const others = Number(process.env.CONCORDANCE_TEST_OTHERS ?? 4_000)
/** Of the acceptance: published at one institute, found by search at another. */
const foundWithinMs = 2_000

t.test('what an institute publishes is found elsewhere at once, while it copies a long log', async (t) => {
  const network = await startTestNetwork(t, ['first', 'source', 'other'])
  const [first, source, other] = network.institutes as [Institute, Institute, Institute]
  let next = 0
  const publisher = async () => {
    while (next < others) await publish(source, `One of many, number ${next++}.`)
  }
  await Promise.all(Array.from({ length: 64 }, publisher))
  await round(other)
  await first.node.stop()
  first.node = await startNode({ ...first.config, role: 'all', logLevel: 'silent' })
  const { deps } = first.node

  const tookMs: number[] = []
  const word = () => `w${randomUUID().replaceAll('-', '')}`
  const trial = { publish: (text: string) => publish(first, text), client: other.client, iss: first.entityId }
  let meanwhile = 0
  for (let isCopying = true; isCopying || tookMs.length < 20; ) {
    isCopying = (await verifiedOf(deps, source.entityId)) < others
    tookMs.push(await publishAndFind(trial, word()))
    if (isCopying) meanwhile += 1
  }

  const sorted = tookMs.toSorted((a, b) => a - b)
  const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.POSITIVE_INFINITY
  t.comment(`${tookMs.length} records, ${meanwhile} of them while copying: p95 ${Math.round(p95)} ms`)
  t.ok(p95 <= foundWithinMs, `${p95} ms`)
  t.ok(meanwhile > 0, 'some were published while the log was copied')
})
