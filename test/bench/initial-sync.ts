import { followPeer } from '@concordance/exchange'
import { startNode } from '@concordance/node'
import { startChildNode } from './child-node.ts'
import { verificationRate } from './limits.ts'
import { growTo, type Pair, withFreshReceiver } from './pair.ts'
import { type Figure, interleave } from './series.ts'

/** Rates tried on 2 cores at 20,000 records; each does a part of what a verified sync does. */
const published = 'JWS and log, no canonical check 8,300 · hypercore 6,100 · AT Protocol 4,300 · PouchDB 2,100–3,200'

/** From an empty database to the verified size, through HTTP and signed requests, against verification alone. */
export async function benchInitialSync(pair: Pair, sizes: readonly { size: number; rounds: number }[]) {
  const figures: Figure[] = []
  for (const { size, rounds } of sizes) {
    await growTo(pair, size)
    const origin = await startChildNode(pair.origin.config())
    const of = `initial sync of ${size.toLocaleString('en')}`
    try {
      const { measured, limit, ratio } = await interleave(
        rounds,
        () => syncRate(pair, size),
        async () => verificationRate(20_000),
      )
      const target = size === 20_000 ? { text: 'ratio ≥ 0.5', holds: ratio.median >= 0.5 } : undefined
      const beside = { name: 'Ed25519 verification alone, one thread', series: limit }
      figures.push({ name: of, unit: 'records/s', measured, limit: beside, ratio, ...(target && { target }) })
    } finally {
      await origin.stop()
    }
  }
  return { figures: [...figures, flatness(figures)], notes: [`records/s tried at 20,000 elsewhere: ${published}`] }
}

async function syncRate(pair: Pair, size: number): Promise<number> {
  return withFreshReceiver(
    pair,
    async (config) => {
      const node = await startNode(config)
      try {
        const [peer] = node.deps.peers.list()
        if (!peer) throw new Error('the receiver has no peer')
        const started = performance.now()
        const pass = await followPeer(node.deps, peer, node.deps.callPeer(peer), { waitSeconds: 0 })
        const seconds = (performance.now() - started) / 1_000
        if (pass.size < size) throw new Error(`verified ${pass.size} of ${size}`)
        return pass.size / seconds
      } finally {
        await node.stop()
      }
    },
    { role: 'web' },
  )
}

/** What a record costs in the largest log, as a multiple of its cost in the smallest. */
function flatness(figures: readonly Figure[]): Figure {
  const [smallest, largest] = [figures[0], figures.at(-1)]
  if (!smallest || !largest) throw new Error('nothing was measured')
  const value = smallest.measured.median / largest.measured.median
  return {
    name: `cost a record: ${largest.name.replace('initial sync of ', '')} against 2,000`,
    unit: '×',
    measured: { median: value, min: value, max: value, values: [value] },
    target: { text: '≤ 1.15', holds: value <= 1.15 },
  }
}
