import { listRecords } from '@concordance/exchange'
import { parseEntryLine } from '@concordance/protocol'
import t, { type Test } from 'tap'
import { followPeer } from '../../packages/exchange/src/sync/follow-peer.ts'
import type { Heard, Line } from '../network/line.ts'
import type { Institute } from '../network/start-network.ts'
import { round, rowsOf, startTestNetwork, type TestNetwork } from '../network/test-network.ts'
import { isFollowed } from '../network/watch.ts'
import { act, begin, type Draw, type Story, settle } from './convergence/history.ts'
import { killWorker } from './convergence/kill-worker.ts'
import { emptyModel, isEntitled, type Model } from './convergence/model.ts'

const histories = process.env.CONCORDANCE_FAULTS === 'full' ? 300 : 10
/** Histories that share nodes and logs: later ones meet what earlier ones left. */
const inOneNetwork = 10
/** Which of how many parts of them this process has. */
const [part = 1, parts = 1] = (process.env.CONCORDANCE_PART ?? '1/1').split('/').map(Number)
const actsOfOne = 12
const seedOfRun = Number(process.env.CONCORDANCE_SEED ?? 20_261_124)

/** What stood when: policy as it was between two acts. */
interface Moment {
  readonly from: number
  /** Until the act that changed it was acknowledged. */
  until: number
  readonly model: Model
}

for (let first = (part - 1) * inOneNetwork; first < histories; first += parts * inOneNetwork) {
  t.test(`histories ${first} to ${first + inOneNetwork - 1}, under faults`, async (t) => {
    const clock = { seconds: Math.floor(Date.now() / 1_000) }
    const now = () => new Date(clock.seconds * 1_000)
    const keys = ['origin', 'oslo', 'lima', 'nairobi', 'hanoi']
    const network = await startTestNetwork(t, keys, { lines: true, now })
    const [origin, ...peers] = network.institutes as [Institute, ...Institute[]]
    t.comment(`seed ${seedOfRun + first}`)
    const draw = drawFrom(seedOfRun + first)
    const moments: Moment[] = []
    const sent = new Map(peers.map(({ key }) => [key, new Set<number>()]))
    const story: Story = {
      origin,
      peers: peers.map(({ entityId }) => entityId),
      draw,
      model: emptyModel(clock.seconds),
      pass(seconds) {
        clock.seconds += seconds
        story.model = { ...story.model, clock: clock.seconds }
      },
    }
    await remember(moments, story, () => begin(story))
    for (let history = first; history < first + inOneNetwork; history++) {
      await t.test(`history ${history}: each peer ends with exactly what policy allows`, async (t) => {
        for (let i = 0; i < actsOfOne; i++) {
          await remember(moments, story, () => act(story))
          await withFaults(network, peers, draw, clock.seconds)
        }
        for (const { key } of peers) network.line(key, 'origin').mode = { kind: 'pass' }
        await remember(moments, story, () => settle(story))
        for (let i = 0; i < 2; i++) for (const peer of peers) await round(peer)
        for (const peer of peers) await hasConverged(t, story, peer)
        for (const { key, entityId } of peers) {
          const wasSent = sent.get(key) as Set<number>
          // An answer that was cut off on its way counts as sent, and only the origin knows what was in it.
          for (const position of await sentTo(origin, entityId)) wasSent.add(position)
          neverHeardMore(t, network.line(key, 'origin'), entityId, moments, wasSent)
        }
      })
    }
  })
}

/** Runs an act and notes between which moments policy was what. */
async function remember(moments: Moment[], story: Story, doIt: () => Promise<void>): Promise<void> {
  const from = performance.now()
  await doIt()
  const last = moments.at(-1)
  if (last) last.until = performance.now()
  moments.push({ from, until: Number.POSITIVE_INFINITY, model: story.model })
}

/** Some peers follow, over lines that drop, delay, repeat and break, nodes that stop in the middle, and
 * once in a history a process that is killed. */
async function withFaults(
  network: TestNetwork,
  peers: readonly Institute[],
  draw: Draw,
  seconds: number,
): Promise<void> {
  for (const peer of peers) {
    const line = network.line(peer.key, 'origin')
    if (draw(actsOfOne * peers.length) === 0) await killWorker(peer, seconds, draw(200))
    const fault = draw(16)
    if (fault >= 9) continue
    if (fault === 1) line.mode = { kind: 'cut' }
    if (fault === 2) line.mode = { kind: 'alter', alter: (body) => body.subarray(0, body.length >> 1) }
    const following = [follow(peer), ...(fault === 4 ? [follow(peer)] : [])]
    if (fault === 3) await network.restart(peer.key)
    await Promise.all(following)
    line.mode = { kind: 'pass' }
  }
}

/** A pass that breaks off says so; what counts is what the peer holds in the end. */
async function follow({ node: { deps } }: Institute): Promise<void> {
  const peer = deps.peers.find('https://origin.example')
  if (!peer) throw new Error('the origin is no peer')
  await followPeer(deps, peer, deps.callPeer(peer), { waitSeconds: 0, resume: true }).catch(() => {})
}

async function hasConverged(t: Test, { origin, model }: Story, peer: Institute): Promise<void> {
  const [ours, theirs] = await Promise.all([logOf(origin, origin.entityId), logOf(peer, origin.entityId)])
  t.same(theirs, ours, `${peer.key}: the same size and root`)
  await isFollowed(t, peer, origin, Number(ours[0]?.size))
  const wasSent = await sentTo(origin, peer.entityId)
  const allowed = [...model.records.values()].filter(({ position }) =>
    isEntitled(model, peer.entityId, position, wasSent),
  )
  // Said in full, so that a deviation can be read.
  const nameOf = (recordId: string) => {
    const found = [...model.records.values()].find((record) => record.recordId === recordId)
    return found ? `${found.position} ${found.type} ${found.signed.tlp} now ${found.mark.tlp}` : `unknown ${recordId}`
  }
  const expected = allowed.map(
    ({ recordId, isWithdrawn }) => `${nameOf(recordId)} ${isWithdrawn ? 'statement' : 'open'}`,
  )
  const held = await heldBy(peer.node, origin.entityId)
  t.same(
    held.map(([id, state]) => `${nameOf(id)} ${state}`).sort(),
    expected.sort(),
    `${peer.key}: what it shows its staff`,
  )
}

async function heldBy({ deps }: Institute['node'], iss: string): Promise<[string, string][]> {
  const held: [string, string][] = []
  const viewer = { kind: 'person', subject: 'ada', staff: true } as const
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await listRecords(deps, viewer, { filters: { iss }, limit: 200, ...(cursor && { cursor }) })
    for (const { type, recordId, state } of page.items) if (type !== 'keyset') held.push([recordId, state])
    cursor = page.next
    more = cursor !== undefined
  }
  return held
}

async function logOf({ databaseUrl }: Institute, iss: string) {
  const sql = `select log.size, encode(frontier, 'hex') as frontier from log where iss = $1`
  return rowsOf(databaseUrl, sql, iss)
}

async function sentTo({ databaseUrl }: Institute, peer: string): Promise<Set<number>> {
  const sql = 'select from_position + unnest(opened) as position from delivery where peer = $1'
  const rows = await rowsOf<{ position: string }>(databaseUrl, sql, peer)
  return new Set(rows.map(({ position }) => Number(position)))
}

/** Every opening on the wire went to somebody who was entitled at some moment between question and answer. */
function neverHeardMore(t: Test, line: Line, peer: string, moments: readonly Moment[], wasSent: Set<number>): void {
  for (const heard of line.heard.splice(0)) {
    if (!heard.path.startsWith('/v1/log/entries') || heard.status !== 200) continue
    const then = moments.filter(({ from, until }) => from <= heard.answeredAt && heard.askedAt <= until)
    for (const position of openedBy(heard)) {
      const isRight = position === 0 || then.some(({ model }) => isEntitled(model, peer, position, wasSent))
      if (!isRight) t.fail(`position ${position} went to ${peer}, who was not entitled`)
      wasSent.add(position)
    }
  }
}

function openedBy({ answer }: Heard): number[] {
  const lines = answer.toString('utf8').trim().split('\n').slice(0, -1)
  return lines.flatMap((line) => {
    try {
      const entry = parseEntryLine(line)
      return entry.state === 'hash' ? [] : [entry.position]
    } catch {
      return [] // cut off on the way, by the line itself
    }
  })
}

/** Mulberry32. */
function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n
  }
}
