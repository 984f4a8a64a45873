import { randomUUID } from 'node:crypto'
import { bearer, type Client, createClient } from '@concordance/client'
import { api, type BodyOf } from '@concordance/protocol'
import { startChildNode } from './child-node.ts'
import { between, type CpuTimes, formatCpuPerRecord, readCpuTimes } from './cpu-time.ts'
import { insertRate } from './limits.ts'
import { type Pair, recordOf, untilProjected } from './pair.ts'
import { interleave } from './series.ts'

const clients = 16
const connections = 8
const count = 2_000
/** What one person publishes alone: everything else waits for a second one. */
const red = { tlp: 'RED', relay: 'none' } as const

/** Publishing through the API by 16 clients, durable before each answer, against single-row autocommit INSERT. */
export async function benchPublishing({ origin, serverPid }: Pair, { rounds }: { rounds: number }) {
  const node = await startChildNode(origin.config())
  const callers = Array.from({ length: clients }, () =>
    createClient({ baseUrl: node.url, authorize: bearer(origin.token) }),
  )
  const publish = (client: Client, body: BodyOf<typeof api.publishRecord>) =>
    client.call(api.publishRecord, { headers: { 'idempotency-key': randomUUID() }, body })
  const spent: CpuTimes[] = []
  const readTimes = () => readCpuTimes({ nodePid: node.pid, postmasterPid: serverPid })
  try {
    await rateOf(callers, publish) // so that what is measured is neither compiled nor connected for the first time
    const { measured, limit, ratio } = await interleave(
      rounds,
      async () => {
        const before = readTimes()
        const rate = await rateOf(callers, publish)
        spent.push(between(before, readTimes()))
        return rate
      },
      async () => {
        // Records are indexed for search behind their publication: that work must not slow down the limit.
        await untilProjected(origin)
        return insertRate(origin.config().databaseUrl, { connections, count })
      },
    )
    const beside = { name: `single-row autocommit INSERT, ${connections} connections`, series: limit }
    const target = { text: 'ratio ≥ 0.5', holds: ratio.median >= 0.5 }
    const name = `publish through the API, ${clients} clients`
    return {
      figures: [{ name, unit: 'records/s', measured, limit: beside, ratio, target }],
      notes: [`ms of CPU time for one record published through the API: ${formatCpuPerRecord(spent, count)}`],
    }
  } finally {
    await Promise.all(callers.map((client) => client.close()))
    await node.stop()
  }
}

async function rateOf(
  callers: readonly Client[],
  publish: (client: Client, record: BodyOf<typeof api.publishRecord>) => Promise<unknown>,
): Promise<number> {
  const records = Array.from({ length: count }, (_, i) => ({ ...recordOf(i), mark: red }))
  const started = performance.now()
  await Promise.all(
    callers.map(async (client) => {
      for (let record = records.pop(); record; record = records.pop()) await publish(client, record)
    }),
  )
  return (count / (performance.now() - started)) * 1_000
}
