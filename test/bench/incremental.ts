import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bearer, type Client, createClient } from '@concordance/client'
import { type NodeConfig, type RunningNode, startNode } from '@concordance/node'
import { api } from '@concordance/protocol'
import { startChildNode } from './child-node.ts'
import { insertRate } from './limits.ts'
import { approveDrafts, execute, growTo, type Pair, withFreshReceiver } from './pair.ts'
import { type Figure, type Series, seriesOf } from './series.ts'
import { openWireMeter } from './wire-meter.ts'

const records = 20
const targetMs = 20
/** Round trip and commit for which the target is stated. */
const statedMs = 3

/** One new record at a time between two running nodes that are level: how late, and how many bytes. */
export async function benchIncremental(pair: Pair, { size, rounds }: { size: number; rounds: number }) {
  await growTo(pair, size)
  const drafts = await approveDrafts(pair, rounds * records)
  const { origin, receiver } = pair
  const [pull, push] = [await openWireMeter(origin.config().port), await openWireMeter(receiver.config().port)]
  const restore = redirectPeer(origin.config(), push.url)
  const node = await startChildNode(origin.config())
  const client = createClient({ baseUrl: node.url, authorize: bearer(origin.token) })
  const peers = receiver.config().peers.map((peer) => ({ ...peer, baseUrl: pull.url }))
  try {
    return await withFreshReceiver(
      pair,
      async (config) => {
        const follower = await startNode(config)
        try {
          await untilLevel(follower, origin.entityId, size)
          const lateness: number[] = []
          const floors: Floor[] = []
          const before = pull.bytes + push.bytes
          for (let round = 0; round < rounds; round++) {
            lateness.push(await latenessMs(client, follower, origin.entityId, drafts.splice(0, records)))
            floors.push({ tripMs: 0, commitMs: await commitMs(config.databaseUrl) })
          }
          const onWire = (pull.bytes + push.bytes - before) / (rounds * records)
          for (const floor of floors) floor.tripMs = await tripMs(client)
          const recordBytes = await sizeOfNewest(origin.config().databaseUrl)
          return { figures: [latenessFigure(size, lateness, floors), wireFigure(onWire, recordBytes)], notes: [] }
        } finally {
          await follower.stop()
        }
      },
      { peers },
    )
  } finally {
    await client.close()
    await node.stop()
    restore()
    await Promise.all([pull.close(), push.close()])
  }
}

interface Floor {
  tripMs: number
  readonly commitMs: number
}

/** From the answer to the publisher until the record is verified and durable at the peer, median. */
async function latenessMs(client: Client, follower: RunningNode, iss: string, drafts: string[]): Promise<number> {
  const late: number[] = []
  const { wake } = follower.deps
  const verifiedAt = new Map<number, number>()
  const end = wake.listen((topic, size) => {
    if (topic === `log:${iss}`) verifiedAt.set(size, performance.now())
  })
  for (const id of drafts) {
    await sleep(pauseMs)
    const headers = { 'idempotency-key': randomUUID() }
    const { position } = await client.call(api.publishDraft, { params: { id }, headers })
    const acknowledged = performance.now()
    await wake.wait(`log:${iss}`, position, 10_000)
    late.push(Math.max(0, (verifiedAt.get(position + 1) ?? Number.POSITIVE_INFINITY) - acknowledged))
  }
  end()
  return seriesOf(late).median
}

/** Long enough that each record finds both nodes idle, with the next request already waiting. */
const pauseMs = 60

async function tripMs(client: Client): Promise<number> {
  const took: number[] = []
  for (let i = 0; i < 50; i++) {
    const started = performance.now()
    await client.call(api.getLiveness, {})
    took.push(performance.now() - started)
  }
  return seriesOf(took).median
}

async function commitMs(url: string): Promise<number> {
  return 1_000 / (await insertRate(url, { connections: 1, count: 100 }))
}

async function untilLevel(follower: RunningNode, iss: string, size: number): Promise<void> {
  await follower.deps.wake.wait(`log:${iss}`, size - 1, 120_000)
  await sleep(3_000) // until the search projection is level too
}

/** The notify of the origin goes over the wire as well, so it is counted. */
function redirectPeer({ dataDir }: NodeConfig, baseUrl: string): () => void {
  const path = join(dataDir, 'node.json')
  const text = readFileSync(path, 'utf8')
  const file = JSON.parse(text) as { peers: { baseUrl: string }[] }
  writeFileSync(path, JSON.stringify({ ...file, peers: file.peers.map((peer) => ({ ...peer, baseUrl })) }))
  return () => writeFileSync(path, text)
}

async function sizeOfNewest(url: string): Promise<number> {
  const [row] = await execute(
    url,
    `select octet_length(statement) + octet_length(body) as bytes from entry join log on log.id = entry.log
     where log.is_own order by position desc limit 1`,
  )
  return (row as { bytes: number }).bytes
}

function latenessFigure(size: number, lateness: readonly number[], floors: readonly Floor[]): Figure {
  const measured = seriesOf(lateness)
  const limit = seriesOf(floors.map(({ tripMs, commitMs }) => tripMs + commitMs))
  const [trip, commit] = [
    seriesOf(floors.map((floor) => floor.tripMs)),
    seriesOf(floors.map((floor) => floor.commitMs)),
  ]
  const allowedMs = targetMs * Math.max(1, limit.median / statedMs)
  return {
    name: `one new record among ${size.toLocaleString('en')}, acknowledged → verified at the peer`,
    unit: 'ms',
    measured,
    limit: { name: `round trip ${trip.median.toFixed(2)} + durable commit ${commit.median.toFixed(2)}`, series: limit },
    ratio: seriesOf(lateness.map((value, round) => value / (limit.values[round] as number))),
    target: { text: `≤ ${targetMs} ms where the limit is ${statedMs} ms`, holds: measured.median <= allowedMs },
  }
}

function wireFigure(onWire: number, recordBytes: number): Figure {
  const single = (value: number): Series => seriesOf([value])
  const ratio = onWire / recordBytes
  return {
    name: 'bytes on the wire for one new record, requests, headers and notify included',
    unit: 'bytes',
    measured: single(onWire),
    limit: { name: 'the record', series: single(recordBytes) },
    ratio: single(ratio),
    target: { text: 'ratio ≤ 2', holds: ratio <= 2 },
  }
}
