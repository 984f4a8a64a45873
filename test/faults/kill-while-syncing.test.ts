import { setTimeout as sleep } from 'node:timers/promises'
import { appendRecord } from '@concordance/exchange'
import t from 'tap'
import { moveOut } from '../network/node-process.ts'
import type { Institute } from '../network/start-network.ts'
import { rowsOf, startTestNetwork } from '../network/test-network.ts'
import { until } from '../network/until.ts'
import { faultsOf, hasConverged } from './invariants.ts'
import { inputOf } from './publishers.ts'

const kills = faultsOf(100)
const burst = 400

t.test(`a node that is killed ${kills} times while it syncs copies everything once`, async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo'])
  const writer = network.institute('nairobi')
  const reader = network.institute('oslo')
  const node = await moveOut(reader)
  t.teardown(() => node.kill())
  let interrupted = 0
  let moved = 0
  let reached = 0
  for (let kill = 0; kill < kills; kill++) {
    await publishBurst(writer, kill)
    node.start()
    // A third of the crashes comes while it starts, a third while it fetches, a third once it has stored something.
    if (kill % 3 > 0) await node.ready()
    const before = reached
    if (kill % 3 === 2) await until('something is copied', async () => (await copied(reader, writer)) > before)
    await sleep(Math.random() * (kill % 3 === 2 ? 100 : 1_000))
    await node.kill()
    const size = await copied(reader, writer)
    if (size < 1 + (kill + 1) * burst) interrupted++
    if (size > reached) moved++
    reached = size
  }
  node.start()
  await node.ready()
  t.comment(
    `${kills} kills, ${interrupted} before all was copied, ${moved} after some of it was, ${1 + kills * burst} entries`,
  )
  t.ok(interrupted > 0, 'the crashes were felt')
  t.ok(moved > 0, 'between crashes it goes on')
  await hasConverged(t, reader, writer)
  await until('every record is read', async () => (await projected(reader, writer)) === 1 + kills * burst, 60_000)
})

async function publishBurst({ node }: Institute, kill: number): Promise<void> {
  const published = Array.from({ length: burst }, (_, index) => {
    const key = `burst-${kill}-${index}`
    return appendRecord(node.deps, inputOf(key), { actor: 'program', idempotencyKey: key })
  })
  await Promise.all(published)
}

async function copied({ databaseUrl }: Institute, { entityId }: Institute): Promise<number> {
  const [row] = await rowsOf<{ size: string }>(databaseUrl, 'select size from log where iss = $1', entityId)
  return Number(row?.size ?? 0)
}

async function projected({ databaseUrl }: Institute, { entityId }: Institute): Promise<number> {
  const sql = 'select count(*)::int as count from record where iss = $1'
  const [row] = await rowsOf<{ count: number }>(databaseUrl, sql, entityId)
  return row?.count ?? 0
}
