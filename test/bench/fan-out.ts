import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createIdentity } from '@concordance/exchange'
import type { NodeConfig } from '@concordance/node'
import { api, originOf, type SearchResult } from '@concordance/protocol'
import { type BareCaller, openBareCaller } from './bare-caller.ts'
import { between, type CpuTimes, formatCpu, readCpuTimes } from './cpu-time.ts'
import { execute, type Pair, withFreshReceiver } from './pair.ts'
import { type Figure, seriesOf } from './series.ts'

const searches = 40
/** Until the engine has compiled what runs for every answer. */
const warmUps = 60
const hits = 20
/** Of the slowest peer's time, or so many milliseconds. */
const allowedShare = 0.1
const allowedMs = 5

/** What asking many peers costs beyond the slowest of them, hits verified, filtered and fused. */
export async function benchFanOut(pair: Pair, { counts, rounds }: { counts: readonly number[]; rounds: number }) {
  const figures: Figure[] = []
  const notes: string[] = []
  for (const count of counts) {
    const { taken, spent } = await measure(pair, count, rounds)
    figures.push(figureOf(count, taken.flat()))
    const ofRounds = taken.map((inRound) => p95(inRound, overheadOf).toFixed(1)).join(', ')
    notes.push(
      `${count} peers: in each round of ${searches} searches p95 was ${ofRounds} ms`,
      `${count} peers: ms of CPU time for one search: ${formatCpu(spent, rounds * searches)}`,
    )
  }
  return { figures, notes }
}

async function measure(pair: Pair, count: number, rounds: number): Promise<{ taken: Taken[][]; spent: CpuTimes }> {
  const folder = join(pair.receiver.config().dataDir, 'simulated')
  const institutes = await Promise.all(Array.from({ length: count }, (_, index) => found(folder, index)))
  const peers = await startPeers(folder, count)
  const configured = institutes.map(({ iss, pin }, index) => {
    return { iss, baseUrl: `${peers.url}/${index}`, pin, insecureLoopback: true }
  })
  const work = async (config: NodeConfig) => {
    const node = await startNode(config)
    const caller = openBareCaller(node.url, pair.receiver.token)
    const readTimes = () => readCpuTimes({ nodePid: node.process.pid as number, postmasterPid: pair.serverPid })
    try {
      await introduce(config, institutes)
      for (let i = 0; i < warmUps; i++) await searchOnce(caller, peers.url, count)
      const taken: Taken[][] = []
      const before = readTimes()
      for (let round = 0; round < rounds; round++) {
        const inRound: Taken[] = []
        for (let i = 0; i < searches; i++) inRound.push(await searchOnce(caller, peers.url, count))
        taken.push(inRound)
      }
      return { taken, spent: between(before, readTimes()) }
    } finally {
      caller.close()
      await stop(node.process)
    }
  }
  try {
    const search = { granularity: 'full', questionsAnHour: { peer: 1e9, person: 1e9 } } as const
    return await withFreshReceiver(pair, work, { peers: configured, role: 'web', search })
  } finally {
    await stop(peers.process)
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Taken {
  readonly totalMs: number
  readonly slowestMs: number
}

const asked = new URLSearchParams({
  q: 'refusal',
  federated: 'true',
  limit: String(hits),
  facets: 'false',
  budgetMs: '10000',
})

async function searchOnce(caller: BareCaller, peersUrl: string, count: number): Promise<Taken> {
  const started = performance.now()
  const answer = await caller.call({ method: api.search.method, path: `${api.search.url}?${asked}`, expected: 200 })
  const totalMs = performance.now() - started
  const { complete, institutes, queryId } = JSON.parse(answer) as SearchResult
  if (!complete || institutes.length !== count) throw new Error(`not everybody answered: ${JSON.stringify(institutes)}`)
  const times = await fetch(`${peersUrl}/times/${queryId}`)
  const { slowestMs } = (await times.json()) as { slowestMs: number }
  return { totalMs, slowestMs }
}

/** Each figure is the 95th percentile over all searches of the run, and the verdict is about the figures that are shown. */
function figureOf(count: number, taken: readonly Taken[]): Figure {
  const overheadMs = p95(taken, overheadOf)
  const share = p95(taken, (one) => overheadOf(one) / one.slowestMs)
  return {
    name: `federated search over ${count} peers, ${hits} hits each: time beyond the slowest, p95 of ${taken.length}`,
    unit: 'ms',
    measured: seriesOf([overheadMs]),
    limit: { name: 'the slowest peer', series: seriesOf([p95(taken, ({ slowestMs }) => slowestMs)]) },
    ratio: seriesOf([share]),
    target: {
      text: `≤ ${100 * allowedShare} % or ${allowedMs} ms`,
      holds: share <= allowedShare || overheadMs <= allowedMs,
    },
  }
}

function overheadOf({ totalMs, slowestMs }: Taken): number {
  return totalMs - slowestMs
}

function p95(taken: readonly Taken[], figure: (one: Taken) => number): number {
  const sorted = taken.map(figure).sort((a, b) => a - b)
  return sorted[Math.ceil(0.95 * sorted.length) - 1] as number
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

async function introduce({ databaseUrl }: NodeConfig, institutes: readonly Institute[]): Promise<void> {
  for (const { iss, keyset } of institutes) {
    await execute(databaseUrl, 'insert into keyset (iss, seq, document) values ($1, 1, $2)', [iss, keyset])
    await execute(databaseUrl, 'insert into log (iss, origin) values ($1, $2)', [iss, originOf(iss)])
  }
}

async function startPeers(folder: string, count: number): Promise<{ url: string; process: ChildProcess }> {
  const script = join(import.meta.dirname, 'simulated-peers.ts')
  const child = fork(script, ['--folder', folder, '--peers', String(count), '--hits', String(hits)])
  const { port } = await firstWord<{ port: number }>(child)
  return { url: `http://127.0.0.1:${port}`, process: child }
}

async function startNode(config: NodeConfig): Promise<{ url: string; process: ChildProcess }> {
  const child = fork(join(import.meta.dirname, 'fan-out-node.ts'))
  child.send(config)
  return { ...(await firstWord<{ url: string }>(child)), process: child }
}

/** What a process of the bench says when it listens. */
async function firstWord<Word>(child: ChildProcess): Promise<Word> {
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error('a process of the bench ended before it listened')),
  )
  const [word] = (await Promise.race([once(child, 'message'), ended])) as [Word]
  return word
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.disconnect()
  await once(child, 'exit')
}
