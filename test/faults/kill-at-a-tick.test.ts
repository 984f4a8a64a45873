import { setTimeout as sleep } from 'node:timers/promises'
import { type SealingInterval, syncNow } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import t from 'tap'
import { moveOut } from '../network/node-process.ts'
import type { Institute } from '../network/start-network.ts'
import { misconductOf, rowsOf, startTestNetwork, syncOf } from '../network/test-network.ts'
import { until } from '../network/until.ts'
import { faultsOf } from './invariants.ts'
import { startPublishers } from './publishers.ts'

const kills = faultsOf(50)
const sealing = { every: 1, leaves: 3 }

t.test(`a node that is killed at ${kills} of its ticks keeps the number of leaves constant`, async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo'], { sealing })
  const writer = network.institute('nairobi')
  const reader = network.institute('oslo')
  const node = await moveOut(writer)
  t.teardown(() => node.kill())
  node.start()
  await node.ready()
  const publishers = startPublishers(writer, 2)
  for (let kill = 0; kill < kills; kill++) {
    const before = publishers.acknowledged.length
    await until('the node publishes', async () => publishers.acknowledged.length > before, 60_000)
    await syncNow(reader.node.deps)
    await sleep(untilTick() + Math.random() * 400) // within the moment in which an interval is ended and signed
    await node.kill()
    node.start()
    await node.ready()
  }
  await publishers.stop()
  const last = Math.max(...publishers.acknowledged.map(({ receipt }) => receipt.sealsAt ?? 0))
  const sealedTo = async () => Math.max(...(await checkpointsOf(writer, writer)).map(({ iat }) => Number(iat)))
  await until('the last interval is sealed', async () => (await sealedTo()) >= last, 60_000)
  await syncNow(reader.node.deps)
  const { acknowledged } = publishers
  t.comment(`${kills} kills, ${acknowledged.length} acknowledged`)

  const schedule = await scheduleOf(writer)
  for (const institute of [writer, reader]) {
    const kept = (await checkpointsOf(institute, writer)).filter(({ size }) => Number(size) > schedule.size)
    t.ok(kept.length > 1, `${institute.key} holds ${kept.length} checkpoints of ticks`)
    const odd = kept.filter(({ size, iat }) => Number(size) !== sizeAt(schedule, Number(iat)))
    t.strictSame(odd, [], 'the size of each follows from its time')
  }
  const records = await rowsOf<{ position: string; record: string }>(
    writer.databaseUrl,
    `select position, translate(rtrim(encode(record_id, 'base64'), '='), '+/', '-_') as record
     from entry join log on log.id = entry.log where is_own and record_id is not null`,
  )
  const at = new Map(records.map(({ position, record }) => [record, Number(position)]))
  t.equal(at.size, records.length, 'no record stands twice')
  t.equal(records.length, 1 + acknowledged.length, 'the log holds the first keyset and what was acknowledged')
  const misplaced = acknowledged.filter(({ receipt }) => at.get(receipt.recordId) !== receipt.position)
  t.strictSame(misplaced, [], 'each stands where its receipt says')
  t.match(await writer.client.call(api.verifyLog, {}), { ok: true, problems: [] })
  t.match(await syncOf(reader, writer), { state: 'following' })
  t.strictSame(await misconductOf(reader, writer), [])
})

interface Schedule extends SealingInterval {
  readonly tick: number
  readonly size: number
}

async function scheduleOf({ databaseUrl }: Institute): Promise<Schedule> {
  const [row] = await rowsOf<{ sealing: Schedule }>(databaseUrl, 'select sealing from log where is_own')
  if (!row) throw new Error('the institute has no log')
  return row.sealing
}

/** Worked out here again: it is what the node promises. */
function sizeAt({ every, leaves, tick, size }: Schedule, seconds: number): number {
  return size + (seconds / every - tick) * leaves
}

function checkpointsOf({ databaseUrl }: Institute, origin: Institute) {
  return rowsOf<{ size: string; iat: string }>(
    databaseUrl,
    `select checkpoint.size, checkpoint.iat from checkpoint join log on log.id = checkpoint.log
     where iss = $1 and checkpoint.jws is not null`,
    origin.entityId,
  )
}

function untilTick(): number {
  const everyMs = sealing.every * 1_000
  return everyMs - (Date.now() % everyMs)
}
