import { randomUUID } from 'node:crypto'
import { syncNow, withdrawFinding } from '@concordance/exchange'
import type { Receipt, RecordInput } from '@concordance/protocol'
import t, { type Test } from 'tap'
import type { Institute, NetworkOptions } from '../network/start-network.ts'
import { publish, rowsOf, startTestNetwork, type TestNetwork } from '../network/test-network.ts'

const every = 4 * 60 * 60
const leaves = 6
const ticks = (7 * 24 * 60 * 60) / every

const group = { iss: 'https://busyland.example', finding: '01890a5d-ac96-774b-bcce-b302099a8057' }
const amber = { tlp: 'AMBER', relay: 'none', group }
const strict = { tlp: 'AMBER+STRICT', relay: 'none', group }
const red = { tlp: 'RED', relay: 'none' }
const green = { tlp: 'GREEN', relay: 'none' }
const clear = { tlp: 'CLEAR', relay: 'any' }
const closed = [amber, red, strict] as RecordInput['mark'][]
const open = [green, red, clear, amber] as RecordInput['mark'][]

/** Names of one length, so that a request says the same number of bytes about each. */
const names = { busy: 'busyland', open: 'openland', quiet: 'quietest', peer: 'lookouts' }

interface Week {
  readonly network: TestNetwork
  readonly clock: { seconds: number }
  /** Records of each institute that were acknowledged. */
  readonly published: Record<string, number>
  refused: number
}

t.test('a busy week and a quiet week of logs that are sealed by interval', async (t) => {
  const week = await startWeek(t, { sealing: { every, leaves } })
  const seen = await live(week)
  const series = await checkpointsOf(week)

  await t.test('were as different as weeks are', async (t) => {
    t.ok((week.published[names.busy] ?? 0) > 2 * ticks, `${week.published[names.busy]} records`)
    t.ok((week.published[names.open] ?? 0) > 2 * ticks, `${week.published[names.open]} records`)
    t.ok(week.refused > 0, `${week.refused} found no room and came with the next interval`)
    const held = await rowsOf<{ iss: string; opened: string }>(
      week.network.institute(names.peer).databaseUrl,
      `select iss, count(statement) as opened from log join entry on entry.log = log.id where not is_own group by iss`,
    )
    const opened = Object.fromEntries(held.map((row) => [row.iss, Number(row.opened)]))
    t.equal(opened[`https://${names.busy}.example`], 1, 'only the first keyset was open to the peer')
    t.equal(opened[`https://${names.quiet}.example`], 1)
    t.ok((opened[`https://${names.open}.example`] ?? 0) > ticks, 'what is for the peer arrived')
  })

  await t.test('give a peer the same sizes at the same times', async (t) => {
    t.equal(series[names.quiet]?.length, 1 + ticks)
    t.same(series[names.busy], series[names.quiet])
    t.same(series[names.open], series[names.quiet])
    const steps = series[names.quiet]?.map(({ size }, index, all) => size - (all[index - 1]?.size ?? 0)) ?? []
    t.same(steps, [1, ...Array(ticks).fill(leaves)], 'the same number at every tick')
  })

  await t.test('look the same on the wire, to the byte, where everything is closed to the peer', async (t) => {
    t.ok((seen[names.quiet]?.length ?? 0) > ticks, `${seen[names.quiet]?.length} exchanges`)
    t.same(seen[names.busy], seen[names.quiet])
    t.notSame(seen[names.open], seen[names.quiet], 'and the bytes do tell where something is opened')
  })
})

t.test('sealed at once, the two weeks differ from their first day on', async (t) => {
  const week = await startWeek(t, {})
  const seen = await live(week, 4)
  const series = await checkpointsOf(week)
  t.notSame(series[names.busy], series[names.quiet])
  t.notSame(seen[names.busy], seen[names.quiet])
})

async function startWeek(t: Test, options: Partial<NetworkOptions>): Promise<Week> {
  const clock = { seconds: (Math.floor(Date.now() / 1_000 / every) + 1) * every + 60 }
  const now = () => new Date(clock.seconds * 1_000)
  const network = await startTestNetwork(t, Object.values(names), { ...options, now, lines: true })
  return { network, clock, published: {}, refused: 0 }
}

/** Publishes, ticks and reads through the week. @returns what the peer's lines carried, by institute. */
async function live(week: Week, until = ticks): Promise<Record<string, Exchange[]>> {
  const peer = week.network.institute(names.peer)
  const chance = dice(7)
  for (let tick = 0; tick < until; tick++) {
    // Bursts of up to two more than there is room for, and hours in which nothing happens.
    const burst = Math.floor(chance() * (leaves + 3))
    await publishBurst(week, week.network.institute(names.busy), closed, burst)
    await publishBurst(week, week.network.institute(names.open), open, burst)
    if (tick % 4 === 0) await syncNow(peer.node.deps)
    week.clock.seconds = (Math.floor(week.clock.seconds / every) + 1) * every
    for (const { node } of week.network.institutes) {
      await node.deps.writer.closeIntervals()
      await node.deps.writer.seal()
    }
    week.clock.seconds += 60
    await syncNow(peer.node.deps)
  }
  return exchangesOf(week.network)
}

async function publishBurst(week: Week, { node, key }: Institute, marks: RecordInput['mark'][], count: number) {
  const receipts: Receipt[] = []
  for (let index = 0; index < count; index++) {
    const one = publish({ node }, `seen ${index}`, marks[index % marks.length])
    await one.then(
      (receipt) => receipts.push(receipt),
      () => week.refused++,
    )
  }
  const [first] = receipts
  if (count % 3 === 1 && first) {
    const call = { actor: 'program', idempotencyKey: randomUUID() }
    await withdrawFinding(node.deps, first.finding, { reason: 'error' }, call).catch(() => week.refused++)
  }
  week.published[key] = (week.published[key] ?? 0) + receipts.length
}

type Exchange = readonly [path: string, status: number, bytes: number]

/** Everything between the peer and each institute, but for the names. */
function exchangesOf({ line }: TestNetwork): Record<string, Exchange[]> {
  const others = [names.busy, names.open, names.quiet]
  const heard = others.map((name) => {
    const exchanges = line(names.peer, name).heard.map(
      ({ path, status, bytes }) => [path.replaceAll(/\w+land|quietest/g, 'name'), status, bytes] as const,
    )
    return [name, exchanges] as const
  })
  return Object.fromEntries(heard)
}

interface Sealed {
  readonly size: number
  readonly iat: number
  /** Length of the signed checkpoint. */
  readonly bytes: number
}

/** The checkpoints of each institute that the peer holds, as it got them. */
async function checkpointsOf({ network }: Week): Promise<Record<string, Sealed[]>> {
  const rows = await rowsOf<{ iss: string; size: string; iat: string; bytes: number }>(
    network.institute(names.peer).databaseUrl,
    `select log.iss, checkpoint.size, checkpoint.iat, length(checkpoint.jws) as bytes
     from checkpoint join log on log.id = checkpoint.log where not is_own order by log.iss, checkpoint.size`,
  )
  const series: Record<string, Sealed[]> = {}
  for (const { iss, size, iat, bytes } of rows) {
    const name = new URL(iss).hostname.split('.')[0] ?? ''
    series[name] = [...(series[name] ?? []), { size: Number(size), iat: Number(iat), bytes }]
  }
  return series
}

/** The same week every time: the multiplicative generator of Park and Miller. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
