import type { Marking, Receipt } from '@concordance/protocol'
import { markOfChange } from '@concordance/protocol'
import { withEndedEmbargo } from '../../../packages/exchange/src/access/refresh-access.ts'
import { changeAccess } from '../../../packages/exchange/src/access/start-access.ts'
import { append, appendGroup, remark } from '../../../packages/exchange/test/support/append.ts'
import type { Institute } from '../../network/start-network.ts'
import { type Model, type ModelRecord, withGroup, withRecord } from './model.ts'

/** Draws whole numbers below `n`, the same ones for the same seed. */
export type Draw = (n: number) => number

/** What is done to the origin, and what policy then allows. */
export interface Story {
  readonly origin: Institute
  readonly peers: readonly string[]
  readonly draw: Draw
  /** Moves the clock of all nodes. */
  pass(seconds: number): void
  model: Model
}

type Step = (story: Story) => Promise<void>

/** One random act. */
export async function act(story: Story): Promise<void> {
  const steps: readonly Step[] = [
    publish,
    publish,
    publish,
    revise,
    remarkOne,
    remarkOne,
    withdraw,
    regroup,
    regroup,
    pass,
  ]
  await (steps[story.draw(steps.length)] as Step)(story)
}

/** Every group gets a snapshot that lasts, and every embargo that has ended is told: nothing is left to time. */
export async function settle(story: Story): Promise<void> {
  for (const { finding, members } of story.model.groups.values()) await snapshot(story, finding, members)
  await endEmbargoes(story)
}

/** A group to begin with, of half of the peers. */
export async function begin(story: Story): Promise<void> {
  const members = story.peers.filter((_, i) => i % 2 === 0).map((iss) => [iss, 0] as const)
  await snapshot(story, undefined, new Map(members))
}

async function publish(story: Story): Promise<void> {
  const mark = drawMarking(story)
  const receipt = await append(story.origin.node.deps, { mark, content: contentOf(story) })
  story.model = withRecord(story.model, observationOf(story, receipt, mark))
}

async function revise(story: Story): Promise<void> {
  const newest = drawOne(story, listNewest(story.model))
  if (!newest) return publish(story)
  const { finding, version, recordId } = newest
  const mark = drawMarking(story)
  const place = { finding, version: version + 1, prev: recordId }
  const receipt = await append(story.origin.node.deps, { mark, content: contentOf(story), ...place })
  story.model = withRecord(story.model, observationOf(story, receipt, mark))
}

async function remarkOne(story: Story): Promise<void> {
  const target = drawOne(
    story,
    listContent(story.model).filter(({ signed }) => signed.tlp !== 'RED'),
  )
  if (!target) return publish(story)
  const mark = drawMarking(story)
  const own = markOfChange(target.mark, mark)
  const receipt = await remark(story.origin.node.deps, target.recordId, mark, own)
  story.model = withRecord(story.model, { ...target, mark })
  const marking = { ...observationOf(story, receipt, own), type: 'marking', about: target.position } as const
  story.model = withRecord(story.model, marking)
}

async function withdraw(story: Story): Promise<void> {
  const target = drawOne(story, listNewest(story.model))
  if (!target) return publish(story)
  const { deps } = story.origin.node
  const rel = [{ kind: 'withdraws' as const, target: { iss: deps.identity.iss, record: target.recordId } }]
  const content = { reason: 'error' }
  const receipt = await append(deps, { type: 'withdrawal', mark: target.mark, content, rel })
  story.model = withRecord(story.model, { ...target, isWithdrawn: true })
  const withdrawal = {
    ...observationOf(story, receipt, target.mark),
    type: 'withdrawal',
    about: target.position,
  } as const
  story.model = withRecord(story.model, withdrawal)
}

/** Somebody joins, with or without the history, or leaves. */
async function regroup(story: Story): Promise<void> {
  const group = drawOne(story, [...story.model.groups.values()])
  if (!group || story.draw(6) === 0) return snapshot(story, undefined, new Map([[drawPeer(story), 0]]))
  const members = new Map(group.members)
  const peer = drawPeer(story)
  if (!members.delete(peer)) members.set(peer, story.draw(2) === 0 ? 0 : story.model.clock)
  return snapshot(story, group.finding, members)
}

/** Time goes on: embargoes end, and groups that nobody renewed. */
async function pass(story: Story): Promise<void> {
  story.pass(story.draw(3) === 0 ? 700 : 45)
  await endEmbargoes(story)
}

async function endEmbargoes({ origin, model }: Story): Promise<void> {
  await changeAccess(origin.node.deps, withEndedEmbargo(model.clock))
}

async function snapshot(
  story: Story,
  finding: string | undefined,
  members: ReadonlyMap<string, number>,
): Promise<void> {
  const before = finding === undefined ? undefined : story.model.groups.get(finding)
  const listed = [...members].map(([iss, historyFrom]) => ({ iss, historyFrom }))
  const next = before && { finding: before.finding, version: before.version + 1, prev: before.prev }
  const receipt = await appendGroup(story.origin.node.deps, listed, next)
  const { circle, recordId: prev, version } = receipt
  const validUntil = story.model.clock + 600
  story.model = withGroup(story.model, { finding: circle.finding, version, prev, validUntil, members })
  const mark: Marking = { tlp: 'AMBER', relay: 'none', group: circle }
  const record = { ...observationOf(story, receipt, mark), type: 'group', lists: [...members.keys()] } as const
  story.model = withRecord(story.model, record)
}

function observationOf({ model }: Story, receipt: Receipt, mark: Marking): ModelRecord {
  const { position, recordId, finding, version } = receipt
  const place = { position, recordId, finding, version }
  return { ...place, type: 'observation', iat: model.clock, signed: mark, mark, isWithdrawn: false }
}

function drawMarking(story: Story): Marking {
  const { draw, model } = story
  const finding = drawOne(story, [...model.groups.keys()]) ?? ''
  const group = { iss: story.origin.entityId, finding }
  const embargoUntil = model.clock + 30 + draw(60)
  const markings: readonly Marking[] = [
    { tlp: 'CLEAR', relay: 'any' },
    { tlp: 'GREEN', relay: 'none' },
    { tlp: 'GREEN', relay: 'none', embargoUntil },
    { tlp: 'GREEN', relay: 'none', embargoUntil, group },
    { tlp: 'AMBER', relay: 'none', group },
    { tlp: 'AMBER+STRICT', relay: 'none', group },
    { tlp: 'RED', relay: 'none' },
  ]
  return markings[draw(markings.length)] as Marking
}

function contentOf({ draw }: Story) {
  return {
    seen: { en: `Something was seen, number ${draw(1e9)}.` },
    country: 'KE',
    sector: 'health',
    howOften: 'weekly',
    wish: { en: 'A joint test.' },
    synthetic: true,
  }
}

function listContent({ records }: Model): ModelRecord[] {
  return [...records.values()].filter(({ type, isWithdrawn }) => type === 'observation' && !isWithdrawn)
}

function listNewest(model: Model): ModelRecord[] {
  const content = [...model.records.values()].filter(({ type }) => type === 'observation')
  const isNewest = ({ finding, version }: ModelRecord) =>
    content.every((other) => other.finding !== finding || other.version <= version)
  return content.filter((record) => isNewest(record) && !record.isWithdrawn)
}

function drawOne<Item>({ draw }: Story, items: readonly Item[]): Item | undefined {
  return items.length === 0 ? undefined : items[draw(items.length)]
}

function drawPeer({ draw, peers }: Story): string {
  return peers[draw(peers.length)] as string
}
