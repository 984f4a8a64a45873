import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pair } from '../pair.ts'
import { type Figure, seriesOf } from '../series.ts'
import { askInTurn, ofEachKind, quantile, quantileOf, type Times } from './ask-in-turn.ts'
import type { Engine } from './engine.ts'
import { buildInMemory } from './in-memory.ts'
import { buildPlainSql } from './plain-sql.ts'
import { kinds, listQuestions } from './questions.ts'
import { say } from './say.ts'
import { withSearchNode } from './search-node.ts'
import { buildSqlite } from './sqlite.ts'

const usual = 200_000
const mebibyte = 1_048_576

/** Search of one node through its API, with facets of everything, beside others that answer the same questions in turn. */
export async function benchLocalSearch(pair: Pair, { rounds }: { rounds: number }) {
  return withSearchNode(pair, async (node) => {
    const filledASecond = await node.grow(usual)
    for (const question of listQuestions(ofEachKind)) await node.engine.ask(question)
    const usedMiB = (residentBytes(node.pid) + serverBytes(pair.serverPid)) / mebibyte // before others use the server too
    say('building SQLite, plain SQL and MiniSearch')
    const engines: Engine[] = [
      node.engine,
      buildSqlite(join(node.config.dataDir, 'beside.sqlite'), usual),
      await buildPlainSql(node.config.databaseUrl),
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
      return { figures, notes }
    } finally {
      for (const engine of engines.slice(1)) await engine.close()
    }
  })
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
