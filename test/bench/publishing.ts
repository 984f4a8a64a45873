import { randomUUID } from 'node:crypto'
import { api } from '@concordance/protocol'
import { type BareCaller, openBareCaller } from './bare-caller.ts'
import { startChildNode } from './child-node.ts'
import { between, type CpuTimes, formatCpuPerRecord, readCpuTimes } from './cpu-time.ts'
import { insertRate } from './limits.ts'
import { type Pair, recordOf, untilProjected } from './pair.ts'
import { interleave } from './series.ts'

const clients = 16
const connections = 8
const count = 2_000
/** The engine of the node has compiled what publishing takes after some 10,000 records. */
const warmUpRounds = 6
/** What one person publishes alone: everything else waits for a second one. */
const red = { tlp: 'RED', relay: 'none' } as const

/** Publishing through the API by 16 clients, durable before each answer, against single-row autocommit INSERT. */
export async function benchPublishing({ origin, serverPid }: Pair, { rounds }: { rounds: number }) {
  const node = await startChildNode(origin.config())
  const callers = Array.from({ length: clients }, () => openBareCaller(node.url, origin.token))
  const spent: CpuTimes[] = []
  const readTimes = () => readCpuTimes({ nodePid: node.pid, postmasterPid: serverPid })
  try {
    const justStarted = await rateOf(callers)
    for (let round = 1; round < warmUpRounds; round++) await rateOf(callers)
    await untilProjected(origin)
    const { measured, limit, ratio } = await interleave(
      rounds,
      async () => {
        const before = readTimes()
        const rate = await rateOf(callers)
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
      notes: [
        `ms of CPU time for one record published through the API: ${formatCpuPerRecord(spent, count)}`,
        `the first ${count} records after a start: ${Math.round(justStarted)} records/s; measured behind ${warmUpRounds * count}`,
      ],
    }
  } finally {
    for (const caller of callers) caller.close()
    await node.stop()
  }
}

async function rateOf(callers: readonly BareCaller[]): Promise<number> {
  const records = Array.from({ length: count }, (_, i) => JSON.stringify({ ...recordOf(i), mark: red }))
  const started = performance.now()
  await Promise.all(
    callers.map(async (caller) => {
      for (let record = records.pop(); record; record = records.pop()) await publish(caller, record)
    }),
  )
  return (count / (performance.now() - started)) * 1_000
}

function publish(caller: BareCaller, record: string): Promise<string> {
  const { method, url } = api.publishRecord
  const headers = { 'idempotency-key': randomUUID() }
  return caller.call({ method, path: url, headers, body: record, expected: 201 })
}
