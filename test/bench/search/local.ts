import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeConfig } from '@concordance/node'
import pg from 'pg'
import { startChildNode } from '../child-node.ts'
import { execute, type Pair, withFreshReceiver } from '../pair.ts'
import { type Figure, seriesOf } from '../series.ts'
import type { Answer, Engine } from './engine.ts'
import { buildInMemory } from './in-memory.ts'
import { loadRecords } from './load.ts'
import { askNode } from './node.ts'
import { buildPlainSql } from './plain-sql.ts'
import { kinds, listQuestions, type Question } from './questions.ts'
import { buildSqlite } from './sqlite.ts'

const usual = 200_000
const large = 1_000_000
const ofEachKind = 20
const mebibyte = 1_048_576

interface Options {
  readonly rounds: number
  /** Also a million records. */
  readonly isFull: boolean
}

/** Search of one node through its API, with facets of everything, beside others that answer the same questions in turn. */
export async function benchLocalSearch(pair: Pair, { rounds, isFull }: Options) {
  const { figures, notes, p50 } = await compare(pair, rounds)
  if (isFull) figures.push(await measureGrowth(pair, rounds, p50))
  return { figures, notes }
}

async function compare(pair: Pair, rounds: number) {
  return withSearchNode(pair, usual, async ({ node, filledASecond, config }) => {
    for (const question of listQuestions(ofEachKind)) await node.engine.ask(question)
    const usedMiB = (residentBytes(node.pid) + serverBytes(pair.serverPid)) / mebibyte // before others use the server too
    say('building SQLite, plain SQL and MiniSearch')
    const engines: Engine[] = [
      node.engine,
      buildSqlite(join(config.dataDir, 'beside.sqlite'), usual),
      await buildPlainSql(config.databaseUrl),
    ]
    const inMemory = await buildInMemory(usual)
    engines.push(inMemory)
    try {
      const times = await askInTurn(engines, rounds)
      const [own, sqlite, plain, beside] = times as [Times, Times, Times, Times]
      const figures = [
        figureOf('p50', own, sqlite, 0.9),
        figureOf('p95', own, sqlite, 0.6),
        figureOf('p50', own, plain, 1.3),
        figureOf('p95', own, plain, 1.2),
        figureOf('p50', own, beside, 0.4),
        memoryFigure(usedMiB, residentBytes(inMemory.pid) / mebibyte),
      ]
      const notes = [
        `the index of ${usual.toLocaleString('en')} records was filled at ${Math.round(filledASecond).toLocaleString('en')} records/s`,
        ...times.map(formatKinds),
      ]
      return { figures, notes, p50: quantileOf(own, 0, 0.5) }
    } finally {
      for (const engine of engines.slice(1)) await engine.close()
    }
  })
}

async function measureGrowth(pair: Pair, rounds: number, usualP50: number): Promise<Figure> {
  return withSearchNode(pair, large, async ({ node }) => {
    const [own] = (await askInTurn([node.engine], rounds)) as [Times]
    const measured = seriesOf(own.rounds.map((_, round) => quantileOf(own, round, 0.5)))
    const growth = measured.median / usualP50
    return {
      name: `local search among ${large.toLocaleString('en')}, p50`,
      unit: 'ms',
      measured,
      limit: { name: `among ${usual.toLocaleString('en')}`, series: seriesOf([usualP50]) },
      ratio: seriesOf([growth]),
      target: { text: 'ratio ≤ 4', holds: growth <= 4 },
    }
  })
}

interface SearchNode {
  readonly engine: Engine
  readonly pid: number
}

interface Loaded {
  readonly node: SearchNode
  readonly config: NodeConfig
  readonly filledASecond: number
}

/** A running node that has so many records of others, all of them indexed. */
function withSearchNode<Result>(pair: Pair, count: number, work: (loaded: Loaded) => Promise<Result>): Promise<Result> {
  return withFreshReceiver(pair, async (config) => {
    say(`loading ${count.toLocaleString('en')} records`)
    const pool = new pg.Pool({ connectionString: config.databaseUrl, max: 2 })
    await loadRecords(pool, count)
    await pool.end()
    say('filling the index')
    const node = await startChildNode(config)
    const started = performance.now()
    try {
      await untilIndexed(config.databaseUrl)
      const filledASecond = (count / (performance.now() - started)) * 1_000
      await execute(config.databaseUrl, 'vacuum analyze')
      const engine = askNode({ url: node.url, token: pair.receiver.token })
      try {
        return await work({ node: { engine, pid: node.pid }, config, filledASecond })
      } finally {
        await engine.close()
      }
    } finally {
      await node.stop()
    }
  })
}

async function untilIndexed(databaseUrl: string): Promise<void> {
  const behind = 'select from log join projection on projection.log = log.id where indexed < size limit 1'
  while ((await execute(databaseUrl, behind)).length > 0) await sleep(500)
}

/** What each question took, round by round. */
interface Times {
  readonly name: string
  readonly rounds: readonly (readonly (Answer & Pick<Question, 'kind'>)[])[]
}

/** Each engine the same question, one after the other, so that a machine that slows down slows them all. */
async function askInTurn(engines: readonly Engine[], rounds: number): Promise<Times[]> {
  const questions = listQuestions(ofEachKind)
  const times = engines.map(({ name }) => ({ name, rounds: [] as (Answer & Pick<Question, 'kind'>)[][] }))
  for (let round = -1; round < rounds; round++) {
    say(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`)
    const isWarm = round >= 0
    for (const one of times) if (isWarm) one.rounds.push([])
    for (const question of questions) {
      for (const [i, engine] of engines.entries()) {
        const answer = await engine.ask(question)
        if (isWarm) times[i]?.rounds[round]?.push({ ...answer, kind: question.kind })
      }
    }
  }
  return times
}

function quantileOf({ rounds }: Times, round: number, share: number): number {
  return quantile(
    (rounds[round] ?? []).map(({ tookMs }) => tookMs),
    share,
  )
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN
}

const shares = { p50: 0.5, p95: 0.95 } as const

function figureOf(name: keyof typeof shares, own: Times, beside: Times, atMost: number): Figure {
  const of = (times: Times) => seriesOf(times.rounds.map((_, round) => quantileOf(times, round, shares[name])))
  const [measured, limit] = [of(own), of(beside)]
  const ratio = seriesOf(measured.values.map((value, round) => value / (limit.values[round] as number)))
  return {
    name: `local search among ${usual.toLocaleString('en')}, first 20 and all facets, through the API, ${name}`,
    unit: 'ms',
    measured,
    limit: { name: beside.name, series: limit },
    ratio,
    target: { text: `ratio ≤ ${atMost}`, holds: ratio.median <= atMost },
  }
}

function memoryFigure(usedMiB: number, besideMiB: number): Figure {
  const ratio = usedMiB / besideMiB
  return {
    name: 'memory of node and PostgreSQL',
    unit: 'MiB',
    measured: seriesOf([usedMiB]),
    limit: { name: 'MiniSearch', series: seriesOf([besideMiB]) },
    ratio: seriesOf([ratio]),
    target: { text: 'ratio ≤ 0.1', holds: ratio <= 0.1 },
  }
}

function formatKinds(times: Times): string {
  const all = times.rounds.flat()
  const rows = kinds.map((kind) => {
    const of = all.filter((answer) => answer.kind === kind)
    const took = of.map(({ tookMs }) => tookMs)
    const matched = of.reduce((sum, answer) => sum + answer.matched, 0) / of.length
    return `${kind} ${quantile(took, 0.5).toFixed(1)}/${quantile(took, 0.95).toFixed(1)} ms (${Math.round(matched).toLocaleString('en')})`
  })
  return `${times.name}, p50/p95 by kind (matches on average): ${rows.join(' · ')}`
}

/** proc_pid_smaps_rollup: shared pages count for each process by its share. */
function residentBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1_024
}

/** The server and everything that it started. */
function serverBytes(postmasterPid: number): number {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const isChild = (pid: number) => {
    try {
      return new RegExp(`^PPid:\\s+${postmasterPid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false // it has ended meanwhile
    }
  }
  return [postmasterPid, ...pids.filter(isChild)].reduce((sum, pid) => sum + residentBytes(pid), 0)
}

function say(step: string): void {
  process.stderr.write(`  ${step} …\n`)
}
