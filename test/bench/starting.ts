import { type ChildServer, startBareFastify, startChildNode } from './child-node.ts'
import { growTo, type Pair } from './pair.ts'
import { interleave } from './series.ts'

/** From the start of the process to ready, against a bare Fastify that makes one query. */
export async function benchStarting(pair: Pair, { size, rounds }: { size: number; rounds: number }) {
  await growTo(pair, size)
  const config = pair.origin.config()
  await readyMs(startChildNode(config)) // the first start after an installation also compiles
  const { measured, limit, ratio } = await interleave(
    rounds,
    () => readyMs(startChildNode(config)),
    () => readyMs(startBareFastify(config.port, config.databaseUrl)),
  )
  const target = { text: 'ratio ≤ 4', holds: ratio.median <= 4 }
  const beside = { name: 'bare Fastify with one query', series: limit }
  const name = `start to ready with ${size.toLocaleString('en')} records`
  return { figures: [{ name, unit: 'ms', measured, limit: beside, ratio, target }], notes: [] }
}

async function readyMs(starting: Promise<ChildServer>): Promise<number> {
  const server = await starting
  await server.stop()
  return server.readyMs
}
