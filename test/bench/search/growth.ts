import type { Pair } from '../pair.ts'
import { type Figure, seriesOf } from '../series.ts'
import { askInTurn, quantileOf } from './ask-in-turn.ts'
import { type SearchNode, withSearchNode } from './search-node.ts'

const usual = 200_000
const large = 1_000_000

/** The same questions to one node among 200,000 records, and among a million. */
export async function benchSearchGrowth(pair: Pair, { rounds }: { rounds: number }) {
  return withSearchNode(pair, async (node) => {
    const rates = [await node.grow(usual)]
    const before = await measure(node, rounds)
    rates.push(await node.grow(large - usual))
    const after = await measure(node, rounds)
    const growth = after.p50.median / before.p50.median
    const figures: Figure[] = [
      {
        name: `local search among ${large.toLocaleString('en')}, p50`,
        unit: 'ms',
        measured: after.p50,
        limit: { name: `among ${usual.toLocaleString('en')}`, series: before.p50 },
        ratio: seriesOf([growth]),
        target: { text: 'ratio ≤ 4', holds: growth <= 4 },
      },
      {
        name: `local search among ${large.toLocaleString('en')}, p95`,
        unit: 'ms',
        measured: after.p95,
        limit: { name: `among ${usual.toLocaleString('en')}`, series: before.p95 },
      },
    ]
    const filled = rates.map((rate) => Math.round(rate).toLocaleString('en')).join(' and ')
    return { figures, notes: [`indexed a second, up to ${usual.toLocaleString('en')} and from there on: ${filled}`] }
  })
}

async function measure({ engine }: SearchNode, rounds: number) {
  const [own] = await askInTurn([engine], rounds)
  if (!own) throw new Error('nobody was asked')
  const each = (share: number) => seriesOf(own.rounds.map((_, round) => quantileOf(own, round, share)))
  return { p50: each(0.5), p95: each(0.95) }
}
