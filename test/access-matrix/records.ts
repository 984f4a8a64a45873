import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeBase64url, type Marking } from '@concordance/protocol'
import type { Circle } from '../../packages/exchange/test/support/append.ts'
import type { Caller, Peers } from './callers.ts'
import { remarkings } from './oracle.ts'
import { inventFinding, type Site } from './plant.ts'

const clear: Marking = { tlp: 'CLEAR', relay: 'any' }
const green: Marking = { tlp: 'GREEN', relay: 'none' }
const red: Marking = { tlp: 'RED', relay: 'none' }
const amber = (group: Circle): Marking => ({ tlp: 'AMBER', relay: 'none', group })
const strict = (group: Circle): Marking => ({ tlp: 'AMBER+STRICT', relay: 'none', group })
const plainly = (circle: Circle) => ({ clear, green, amber: amber(circle), strict: strict(circle), red })
type Plain = keyof ReturnType<typeof plainly>

/** Longer than a node lets pass before it renews a group. */
const inSixDays = () => Math.floor(Date.now() / 1_000) + 6 * 24 * 3_600
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600

/** Groups of the other institute. */
export interface Foreign {
  /** We and the relaying peer are in it. */
  readonly circle: Circle
  /** We are not. */
  readonly others: Circle
}

/** What is there before the latecomer's history begins, and before the former member is taken out. */
export async function plantEarly(site: Site, peers: Peers): Promise<Circle> {
  site.note(await keysetOf(site))
  const members = [...lasting(peers), { iss: peers.former.iss }]
  const circle = await site.group('circle,1', members, inSixDays())
  await site.plant('amber,early', amber(circle))
  await site.plant('strict,early', strict(circle))
  await site.plant('clear~+early', { ...clear, group: circle, embargoUntil: inAnHour() })
  await site.plant('green>amber,sent', green)
  return circle
}

/** The former member goes; the latecomer comes, with a history that begins after all of the above. */
export async function changeCircle(site: Site, peers: Peers, circle: Circle): Promise<void> {
  await sleep(1_100) // histories are told by whole seconds
  const historyFrom = Math.floor(Date.now() / 1_000)
  await site.plant('amber,between', amber(circle))
  const members = [...lasting(peers), { iss: peers.latecomer.iss, historyFrom }]
  await site.group('circle,2', members, inSixDays(), site.get('circle,1'))
}

const lasting = ({ member, green, clear, suspended }: Peers) =>
  [member, green, clear, suspended].map(({ iss }) => ({ iss }))

/** Everything else, as it is before it is changed. */
export async function plantLate(site: Site, circle: Circle, foreign: Foreign): Promise<void> {
  const marks = plainly(circle)
  for (const [name, mark] of Object.entries(marks)) {
    await site.plant(name, mark)
    await site.plant(`${name},withdrawn`, mark)
  }
  await site.plant('green,relay', { ...green, relay: 'any' })
  await site.plant('amber,relay', { ...amber(circle), relay: 'any' })
  await site.plant('amber,foreign', amber(foreign.circle))
  await site.plant('strict,foreign', strict(foreign.circle))
  await site.plant('amber,nowhere', amber({ iss: 'https://nobody.example', finding: inventFinding() }))
  await plantEmbargoes(site, circle, '~', inAnHour())
  await site.plant('clear~,withdrawn', { ...clear, embargoUntil: inAnHour() })
  await site.plant('green>amber,unsent', green)
  await site.plant('green>clear~', green)
  await site.plant('green~>green', { ...green, embargoUntil: inAnHour() })
  await site.plant('green>red>amber', green)
  for (const [first, second] of [
    ['green', 'amber'],
    ['amber', 'green'],
    ['clear', 'red'],
  ] as const) {
    const previous = await site.plant(`${first}-${second},1`, marks[first])
    await site.plant(`${first}-${second},2`, marks[second], previous)
  }
  for (const [name] of remarkings) await site.plant(name, marks[name.split('>')[0] as Plain])
}

/** Embargoes that end. @param end Seconds since the epoch. */
export async function plantEnding(site: Site, circle: Circle, end: number): Promise<void> {
  await plantEmbargoes(site, circle, '^', end)
  await site.plant('clear^>strict', { ...clear, embargoUntil: end })
}

/** A group that runs out when nothing renews it any more. */
export async function plantLapsed(site: Site, peers: Peers): Promise<void> {
  const others = [peers.former, peers.latecomer, peers.stranger].map(({ iss }) => ({ iss }))
  const end = Math.floor(Date.now() / 1_000) + 2
  const lapsed = await site.group('lapsed,1', [...lasting(peers), ...others], end)
  await site.plant('amber,lapsed', amber(lapsed))
  await site.plant('strict,lapsed', strict(lapsed))
  await site.plant('clear~+lapsed', { ...clear, group: lapsed, embargoUntil: inAnHour() })
  await sleep(Math.max(0, end * 1_000 + 100 - Date.now()))
}

async function plantEmbargoes(site: Site, circle: Circle, sign: '~' | '^', embargoUntil: number): Promise<void> {
  for (const [name, mark] of Object.entries(plainly(circle))) {
    if (name === 'red') continue
    await site.plant(`${name}${sign}`, { ...mark, embargoUntil })
    if (mark.group === undefined) await site.plant(`${name}${sign}+`, { ...mark, group: circle, embargoUntil })
  }
}

/** Takes back, narrows and widens what peers know of by now. */
export async function changeOwn(site: Site, circle: Circle, publisher: Caller): Promise<void> {
  const marks = plainly(circle)
  for (const [name, mark] of Object.entries(marks)) await site.withdraw(`${name},withdrawn`, `${name},withdrawal`, mark)
  const embargo = { ...clear, embargoUntil: await embargoOf(site, site.get('clear~,withdrawn')) }
  await site.withdraw('clear~,withdrawn', 'clear~,withdrawal', embargo)
  for (const [name] of remarkings) {
    const [from, to] = name.split('>') as [Plain, Plain]
    await site.remark(name, marks[to], narrower(from, to) === from ? marks[from] : marks[to])
  }
  await site.remark('green>clear~', { ...clear, embargoUntil: inAnHour() }, green)
  await site.remark('green~>green', green, { ...green, embargoUntil: await embargoOf(site, site.get('green~>green')) })
  await site.remark('clear^>strict', strict(circle), {
    ...clear,
    embargoUntil: await embargoOf(site, site.get('clear^>strict')),
  })
  await site.remark('green>red>amber', red, red, 'green>red>amber,first')
  await site.remark('green>red>amber', amber(circle), red, 'green>red>amber,second')
  for (const name of ['green>amber,sent', 'green>amber,unsent']) {
    await site.remark(name, amber(circle), amber(circle))
    await withdrawByHand(site, name, publisher)
  }
}

/** As the publisher does it: the node chooses the marking. */
async function withdrawByHand(site: Site, name: string, { ask }: Caller): Promise<void> {
  const { finding } = site.get(name)
  const body = { reason: 'error' }
  const headers = { 'idempotency-key': randomUUID() }
  const answer = await ask({ method: 'POST', path: `/v1/findings/${finding}/withdraw`, headers, body })
  if (answer.status !== 201) throw new Error(`${name} is not withdrawn: ${answer.text}`)
  const { recordId, version, position, ...receipt } = answer.json<ReturnType<Site['get']>>()
  site.note({ name: `${name},withdrawal`, type: 'withdrawal', recordId, finding: receipt.finding, version, position })
  await site.node.deps.writer.seal()
}

/** What the other institute has before it changes anything. */
export async function plantOriginals(site: Site, us: string, relay: string): Promise<Foreign> {
  site.note(await keysetOf(site))
  const circle = await site.group('circle,1', [{ iss: us }, { iss: relay }], inSixDays())
  const others = await site.group('others,1', [{ iss: relay }], inSixDays())
  const marks = plainly(circle)
  for (const [name, mark] of Object.entries(marks)) await site.plant(name, mark)
  for (const name of ['clear', 'green', 'strict'] as const) await site.plant(`${name},withdrawn`, marks[name])
  await site.plant('green,relay', { ...green, relay: 'any' })
  await site.plant('amber,relay', { ...amber(circle), relay: 'any' })
  await site.plant('amber,others', amber(others))
  await site.plant('clear~', { ...clear, embargoUntil: inAnHour() })
  await site.plant('clear~+', { ...clear, group: circle, embargoUntil: inAnHour() })
  await site.plant('green~+', { ...green, group: circle, embargoUntil: inAnHour() })
  await site.plant('amber~', { ...amber(circle), embargoUntil: inAnHour() })
  for (const name of ['green>clear', 'green>strict', 'green>others']) await site.plant(name, green)
  await site.plant('clear>green', clear)
  await site.plant('strict>clear', strict(circle))
  await site.plant('amber>red', amber(circle))
  const previous = await site.plant('green-strict,1', green)
  await site.plant('green-strict,2', strict(circle), previous)
  return { circle, others }
}

/** Embargoes of the other institute that end. @param end Seconds since the epoch. */
export async function plantEndingOriginals(site: Site, { circle }: Foreign, end: number): Promise<void> {
  await site.plant('clear^', { ...clear, embargoUntil: end })
  await site.plant('clear^+', { ...clear, group: circle, embargoUntil: end })
  await site.plant('green^+', { ...green, group: circle, embargoUntil: end })
  await site.plant('clear^>strict', { ...clear, embargoUntil: end })
}

/** What the other institute takes back, narrows and widens. */
export async function changeOriginals(site: Site, { circle, others }: Foreign): Promise<void> {
  const marks = plainly(circle)
  for (const name of ['clear', 'green', 'strict'] as const) {
    await site.withdraw(`${name},withdrawn`, `${name},withdrawal`, marks[name])
  }
  await site.remark('green>clear', clear, green)
  await site.remark('clear>green', green, green)
  await site.remark('green>strict', strict(circle), strict(circle))
  await site.remark('strict>clear', clear, strict(circle))
  await site.remark('green>others', amber(others), amber(others))
  await site.remark('amber>red', red, red)
  const embargoUntil = await embargoOf(site, site.get('clear^>strict'))
  await site.remark('clear^>strict', strict(circle), { ...clear, embargoUntil })
}

/** What the other institute publishes when nobody copies it any more. */
export async function plantLive(site: Site, { circle }: Foreign): Promise<void> {
  for (const [name, mark] of Object.entries(plainly(circle))) await site.plant(name, mark)
  await site.plant('green~+', { ...green, group: circle, embargoUntil: inAnHour() })
  await site.plant('amber~', { ...amber(circle), embargoUntil: inAnHour() })
}

const broadestFirst: readonly Plain[] = ['clear', 'green', 'amber', 'strict', 'red']

function narrower(one: Plain, other: Plain): Plain {
  return broadestFirst.indexOf(one) > broadestFirst.indexOf(other) ? one : other
}

async function embargoOf({ node }: Site, { position }: { position: number }): Promise<number> {
  const { embargo_until } = await node.deps.db
    .selectFrom('own_record')
    .select('embargo_until')
    .where('position', '=', position)
    .executeTakeFirstOrThrow()
  if (embargo_until === null) throw new Error(`there is no embargo on entry ${position}`)
  return embargo_until
}

/** The record at position 0, which the node made itself. */
async function keysetOf({ node }: Site) {
  const { deps } = node
  const row = await deps.db.selectFrom('own_record').selectAll().where('position', '=', 0).executeTakeFirstOrThrow()
  const { type, finding, version, position } = row
  return { name: 'keyset', type, recordId: encodeBase64url(row.record_id), finding, version, position }
}
