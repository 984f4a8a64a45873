import { setTimeout as sleep } from 'node:timers/promises'
import { startChildNode } from './child-node.ts'
import { execute, growTo, type Pair, withFreshReceiver } from './pair.ts'
import { type Figure, seriesOf } from './series.ts'

const mebibyte = 1_048_576
const settleMs = 5_000
const lookEveryMs = 100
const syncWithinMs = 300_000

/** Resident memory of a whole node (web and worker in one process): with nothing to do, and while it copies a log. */
export async function benchMemory(pair: Pair, { size, rounds }: { size: number; rounds: number }) {
  await growTo(pair, size)
  await (await startChildNode(pair.origin.config())).stop() // the first start after an installation also compiles
  const origin = await startChildNode(pair.origin.config())
  const [idle, syncing]: [number[], number[]] = [[], []]
  try {
    await sleep(settleMs)
    idle.push(origin.memory().rssBytes / mebibyte)
    for (let round = 0; round < rounds; round++) syncing.push((await peakWhileSyncing(pair, size)) / mebibyte)
  } finally {
    await origin.stop()
  }
  const name = size.toLocaleString('en')
  return {
    figures: [
      memoryFigure(`memory of an idle node with ${name} records`, idle, 130),
      memoryFigure(`most memory while syncing ${name}`, syncing, 260),
    ],
    notes: [],
  }
}

function peakWhileSyncing(pair: Pair, size: number): Promise<number> {
  return withFreshReceiver(pair, async (config) => {
    const node = await startChildNode(config)
    try {
      const deadline = performance.now() + syncWithinMs
      while ((await verifiedSize(config.databaseUrl)) < size) {
        if (performance.now() > deadline) throw new Error(`${size} entries were not verified within ${syncWithinMs} ms`)
        await sleep(lookEveryMs)
      }
      return node.memory().peakRssBytes
    } finally {
      await node.stop()
    }
  })
}

async function verifiedSize(databaseUrl: string): Promise<number> {
  const [row] = await execute(databaseUrl, 'select size from log where not is_own')
  return Number((row as { size: number } | undefined)?.size ?? 0)
}

function memoryFigure(name: string, values: readonly number[], mostMiB: number): Figure {
  const measured = seriesOf(values)
  const target = { text: `≤ ${mostMiB} MiB`, holds: measured.median <= mostMiB }
  return { name, unit: 'MiB', measured, target }
}
