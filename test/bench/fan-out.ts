import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bearer, type Client, createClient } from '@concordance/client'
import { createIdentity } from '@concordance/exchange'
import { type NodeConfig, type RunningNode, startNode } from '@concordance/node'
import { api, originOf } from '@concordance/protocol'
import { type Pair, withFreshReceiver } from './pair.ts'
import { type Figure, seriesOf } from './series.ts'

const searches = 20
const warmUps = 30
const hits = 20
/** Of the slowest peer's time, or so many milliseconds where that is more. */
const allowedShare = 0.1
const allowedMs = 5

/** What asking many peers costs beyond the slowest of them, hits verified, filtered and fused. */
export async function benchFanOut(pair: Pair, { counts, rounds }: { counts: readonly number[]; rounds: number }) {
  const figures: Figure[] = []
  const notes: string[] = []
  for (const count of counts) {
    const { figure, cpuMs } = await measure(pair, count, rounds)
    figures.push(figure)
    notes.push(`asking ${count} peers takes ${cpuMs.toFixed(1)} ms of processor time in the process of node and caller`)
  }
  return { figures, notes }
}

async function measure(pair: Pair, count: number, rounds: number): Promise<{ figure: Figure; cpuMs: number }> {
  const folder = join(pair.receiver.config().dataDir, 'simulated')
  const institutes = await Promise.all(Array.from({ length: count }, (_, index) => found(folder, index)))
  const peers = await startPeers(folder, count)
  const configured = institutes.map(({ iss, pin }, index) => {
    return { iss, baseUrl: `${peers.url}/${index}`, pin, insecureLoopback: true }
  })
  const work = async (config: NodeConfig) => {
    const node = await startNode(config)
    const client = createClient({ baseUrl: node.url, authorize: bearer(pair.receiver.token) })
    try {
      await introduce(node, institutes)
      for (let i = 0; i < warmUps; i++) await searchOnce(client, peers.url, count)
      const taken: Taken[][] = []
      const before = process.cpuUsage()
      for (let round = 0; round < rounds; round++) {
        const inRound: Taken[] = []
        for (let i = 0; i < searches; i++) inRound.push(await searchOnce(client, peers.url, count))
        taken.push(inRound)
      }
      const { user, system } = process.cpuUsage(before)
      return { figure: figureOf(count, taken), cpuMs: (user + system) / 1_000 / (rounds * searches) }
    } finally {
      await client.close()
      await node.stop()
    }
  }
  try {
    const search = { granularity: 'full', questionsAnHour: { peer: 1e9, person: 1e9 } } as const
    return await withFreshReceiver(pair, work, { peers: configured, role: 'web', search })
  } finally {
    peers.process.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Taken {
  readonly totalMs: number
  readonly slowestMs: number
}

async function searchOnce(client: Client, peersUrl: string, count: number): Promise<Taken> {
  const started = performance.now()
  const query = { q: 'refusal', federated: true, limit: hits, facets: false, budgetMs: 10_000 }
  const { complete, institutes, queryId } = await client.call(api.search, { query })
  const totalMs = performance.now() - started
  if (!complete || institutes.length !== count) throw new Error(`not everybody answered: ${JSON.stringify(institutes)}`)
  const times = await fetch(`${peersUrl}/times/${queryId}`)
  const { slowestMs } = (await times.json()) as { slowestMs: number }
  return { totalMs, slowestMs }
}

function figureOf(count: number, rounds: readonly Taken[][]): Figure {
  const overheadOf = ({ totalMs, slowestMs }: Taken) => totalMs - slowestMs
  const p95 = (taken: readonly Taken[], figure: (one: Taken) => number) => {
    const sorted = taken.map(figure).sort((a, b) => a - b)
    return sorted[Math.ceil(0.95 * sorted.length) - 1] as number
  }
  const all = rounds.flat()
  const used = p95(all, (one) => overheadOf(one) / Math.max(allowedMs, allowedShare * one.slowestMs))
  return {
    name: `federated search over ${count} peers, ${hits} hits each: time beyond the slowest, p95`,
    unit: 'ms',
    measured: seriesOf(rounds.map((taken) => p95(taken, overheadOf))),
    limit: {
      name: 'the slowest peer',
      series: seriesOf(rounds.map((taken) => p95(taken, ({ slowestMs }) => slowestMs))),
    },
    ratio: seriesOf(rounds.map((taken) => p95(taken, (one) => overheadOf(one) / one.slowestMs))),
    target: { text: `≤ ${100 * allowedShare} % or ${allowedMs} ms`, holds: used <= 1 },
  }
}

interface Institute {
  readonly iss: string
  readonly pin: string
  readonly keyset: string
}

async function found(folder: string, index: number): Promise<Institute> {
  const iss = `https://peer-${index}.example`
  const own = join(folder, String(index))
  const pin = await createIdentity(own, { entityId: iss, now: new Date() })
  return { iss, pin, keyset: readFileSync(join(own, 'keys', 'keyset.jws'), 'utf8').trim() }
}

async function introduce({ deps }: RunningNode, institutes: readonly Institute[]): Promise<void> {
  for (const { iss, keyset } of institutes) {
    await deps.db.insertInto('keyset').values({ iss, seq: 1, document: keyset, position: null }).execute()
    await deps.db
      .insertInto('log')
      .values({ iss, origin: originOf(iss), state_reason: null })
      .execute()
  }
}

async function startPeers(folder: string, count: number): Promise<{ url: string; process: ChildProcess }> {
  const script = join(import.meta.dirname, 'simulated-peers.ts')
  const child = fork(script, ['--folder', folder, '--peers', String(count), '--hits', String(hits)])
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { url: `http://127.0.0.1:${port}`, process: child }
}
