import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbeddedPostgres } from '@concordance/exchange/embedded-postgres'
import { benchFanOut } from './fan-out.ts'
import { benchIncremental } from './incremental.ts'
import { benchInitialSync } from './initial-sync.ts'
import { benchMemory } from './memory.ts'
import { foundPair, type Pair } from './pair.ts'
import { benchPublishing } from './publishing.ts'
import { benchSearchGrowth } from './search/growth.ts'
import { benchIndexLag } from './search/lag.ts'
import { benchLocalSearch } from './search/local.ts'
import { type Figure, formatTable } from './series.ts'
import { benchStarting } from './starting.ts'

interface Outcome {
  readonly figures: readonly Figure[]
  readonly notes: readonly string[]
}

const dataRoot = join(dirname(dirname(import.meta.dirname)), '.data')
const { values: asked } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    json: { type: 'string', default: join(dataRoot, 'bench.json') },
  },
})
const rounds = 5
const largest = asked.full ? 100_000 : 20_000

/** In this order on one pair: its log only grows. */
const benches: Readonly<Record<string, (pair: Pair) => Promise<Outcome>>> = {
  sync: (pair) => benchInitialSync(pair, sizesOf(asked.full)),
  incremental: (pair) => benchIncremental(pair, { size: 20_000, rounds }),
  memory: (pair) => benchMemory(pair, { size: largest, rounds: asked.full ? 1 : 3 }),
  starting: (pair) => benchStarting(pair, { size: largest, rounds }),
  'fan-out': (pair) => benchFanOut(pair, { counts: [3, 10, 30], rounds }),
  publishing: (pair) => benchPublishing(pair, { rounds }),
  search: (pair) => benchLocalSearch(pair, { rounds }),
  'search-growth': (pair) => benchSearchGrowth(pair, { rounds }),
  'index-lag': (pair) => benchIndexLag(pair, { size: 20_000, rounds: 3 }),
}

/** Takes an hour or less. */
const onlyInFull = ['search-growth']

const unknown = asked.only?.filter((name) => !(name in benches)) ?? []
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}\n`)
  process.exitCode = 2
} else await run()

async function run(): Promise<void> {
  const folder = join(dataRoot, 'bench')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') })
  const outcomes: Outcome[] = []
  try {
    const pair = await foundPair({ dataDir: folder, serverUrl: server.url, serverPid: server.pid, prefix: 'bench' })
    for (const [name, bench] of Object.entries(benches)) {
      if (!(asked.only?.includes(name) ?? (asked.full || !onlyInFull.includes(name)))) continue
      process.stderr.write(`${name} …\n`)
      outcomes.push(await bench(pair))
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  report(outcomes)
}

function report(outcomes: readonly Outcome[]): void {
  const figures = outcomes.flatMap((outcome) => outcome.figures)
  const notes = outcomes.flatMap((outcome) => outcome.notes)
  const [cpu] = cpus()
  const machine = { cpus: cpus().length, model: cpu?.model ?? '', node: process.version }
  process.stdout.write(`${[formatTable(figures), ...notes].join('\n\n')}\n`)
  writeFileSync(asked.json, `${JSON.stringify({ machine, full: asked.full, figures, notes }, null, 2)}\n`)
  process.stderr.write(`figures in ${asked.json}\n`)
}

function sizesOf(full: boolean) {
  const sizes = [2_000, 20_000].map((size) => ({ size, rounds }))
  return full ? [...sizes, { size: 100_000, rounds: 1 }] : sizes
}
