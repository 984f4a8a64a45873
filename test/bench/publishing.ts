import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { api } from '@concordance/protocol'
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
  const callers = Array.from({ length: clients }, () => openCaller(node.url, origin.token))
  const spent: CpuTimes[] = []
  const readTimes = () => readCpuTimes({ nodePid: node.pid, postmasterPid: serverPid })
  try {
    await rateOf(callers) // so that what is measured is neither compiled nor connected for the first time
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
      notes: [`ms of CPU time for one record published through the API: ${formatCpuPerRecord(spent, count)}`],
    }
  } finally {
    for (const caller of callers) caller.close()
    await node.stop()
  }
}

async function rateOf(callers: readonly Caller[]): Promise<number> {
  const records = Array.from({ length: count }, (_, i) => JSON.stringify({ ...recordOf(i), mark: red }))
  const started = performance.now()
  await Promise.all(
    callers.map(async (caller) => {
      for (let record = records.pop(); record; record = records.pop()) await caller.publish(record)
    }),
  )
  return (count / (performance.now() - started)) * 1_000
}

interface Caller {
  publish(record: string): Promise<void>
  close(): void
}

/**
 * A connection that is kept open and takes as little of the machine as it can, as that of the limit does: the typed client,
 * which checks every answer, takes half as much as the node, and it is the node that is measured.
 */
function openCaller(baseUrl: string, token: string): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const { method, url } = api.publishRecord
  const headersOf = (record: string) => ({
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(record),
    'idempotency-key': randomUUID(),
  })
  return {
    publish: (record) =>
      new Promise((resolve, reject) => {
        const asked = request(`${baseUrl}${url}`, { agent, method, headers: headersOf(record) }, (answer) => {
          if (answer.statusCode !== 201) reject(new Error(`a record was not published: ${answer.statusCode}`))
          answer.on('end', resolve).resume()
        })
        asked.on('error', reject).end(record)
      }),
    close: () => agent.destroy(),
  }
}
