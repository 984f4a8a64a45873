import type { Client } from '@concordance/client'
import { type Audience, api, type BodyOf, type DraftView, type GroupView, type Marking } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { audienceOf } from './mark.ts'

export type MarkingQuestion = BodyOf<typeof api.previewAudience>

/** To whom something would go, and what of its group gets nothing because it is no peer. */
export interface Preview {
  readonly mark: Marking
  readonly audience: Audience
  readonly strangers: readonly string[]
}

/**
 * To whom a draft would go: what a marking is about, and whom a group would list, counts as well. Reviewers see RED drafts
 * about records that are closed to them; the age of such a record is left out of account.
 */
export function previewDraft(client: Client, draft: DraftView, signal: AbortSignal): Promise<Preview> {
  const { record, ...question } = questionOf(draft)
  if (record === undefined) return previewMarking(client, question, signal)
  return previewMarking(client, { ...question, record }, signal).catch((error) => {
    if ((error as { code?: unknown }).code !== 'not-found') throw error
    return previewMarking(client, question, signal)
  })
}

export async function previewMarking(client: Client, body: MarkingQuestion, signal: AbortSignal): Promise<Preview> {
  const audience = await client.call(api.previewAudience, { body, signal })
  const listed = new Set(audience.peers.map(({ iss }) => iss))
  const members = body.members ?? (await findOthers(client, body.mark, signal))
  return { mark: body.mark, audience, strangers: members.map(({ iss }) => iss).filter((iss) => !listed.has(iss)) }
}

function questionOf({ type, mark, content, rel }: DraftView): MarkingQuestion {
  if (type === 'group') return { mark, members: othersIn(content.members as GroupView['members']) }
  const target = rel.find(({ kind }) => kind === 'remarks')?.target
  if (type !== 'marking' || !target || !('record' in target)) return { mark }
  return { mark: content.mark as Marking, record: target.record }
}

/** The members of a group of our own besides ourselves; of another institute's group its owner knows. */
async function findOthers(client: Client, { group }: Marking, signal: AbortSignal): Promise<readonly Other[]> {
  if (!group) return []
  const { items } = await client.call(api.listGroups, { signal })
  const known = items.find(({ isOwn, finding }) => isOwn && finding === group.finding)
  return known ? othersIn(known.members) : []
}

type Other = NonNullable<MarkingQuestion['members']>[number]

function othersIn(members: GroupView['members'] = []): Other[] {
  return members
    .filter(({ role }) => role !== 'owner')
    .map(({ iss, historyFrom }) => ({ iss, ...(historyFrom !== undefined && { historyFrom }) }))
}

/** Each active peer with the reason, and the public: `goes to 4 of 10 peers …`. */
export function previewLines({ mark, audience, strangers }: Preview): string[] {
  return [
    ...audienceLines(audience, mark, 'goes'),
    ...(strangers.length === 0
      ? []
      : [`  not to  ${namesOf(strangers)}: in the group, but no active peer of this node`]),
    ...(isEmbargoed(mark) ? [`  later   ${plainText(audienceOf(mark))}`] : []),
  ]
}

/** @param verb As in `goes to 4 of 10 peers`. */
export function audienceLines(
  { peers, public: everybody }: Audience,
  mark: Marking,
  verb: 'goes' | 'is open',
): string[] {
  const opened = peers.filter(({ opens }) => opens)
  const count = `${opened.length} of ${peers.length} ${peers.length === 1 ? 'peer' : 'peers'}`
  const institutes = peers.length === 0 ? 'no other institute: no peer is active here' : count
  const anybody = `${everybody.opens ? 'and' : 'not'} to the public: ${reasonOf(everybody, mark)}`
  return [
    `${verb} to ${institutes}; ${anybody}`,
    ...linesByReason(opened, 'to      ', mark),
    ...linesByReason(
      peers.filter(({ opens }) => !opens),
      'not to  ',
      mark,
    ),
  ]
}

type PeerVerdict = Audience['peers'][number]

function linesByReason(peers: readonly PeerVerdict[], to: string, mark: Marking): string[] {
  const byReason = Map.groupBy(peers, (peer) => reasonOf(peer, mark))
  return [...byReason].map(([reason, those]) => `  ${to}${namesOf(those.map(({ iss }) => iss))}: ${reason}`)
}

const namedAtMost = 12

export function namesOf(institutes: readonly string[]): string {
  const named = institutes.slice(0, namedAtMost).map(plainText).join(', ')
  const more = institutes.length - namedAtMost
  return more > 0 ? `${named} and ${more} more` : named
}

function reasonOf({ because, ceiling }: Omit<PeerVerdict, 'iss'>, mark: Marking): string {
  if (because === 'ceiling' && ceiling !== undefined) return `its ceiling is ${ceiling}`
  if (because === 'embargo' && mark.embargoUntil !== undefined)
    return `under embargo until ${timeOf(mark.embargoUntil)}`
  if (because === 'label') return `${mark.tlp} is not for everybody`
  return reasons[because]
}

/** The words of docs/security.md, section 3. */
const reasons: Record<PeerVerdict['because'], string> = {
  clear: 'CLEAR is for everybody',
  green: 'GREEN is for every active peer',
  member: 'in the group',
  'was-sent': 'was sent what this takes back',
  embargo: 'under embargo',
  'not-a-member': 'not in the group',
  'group-unknown': 'the group is not known here, so it is nobody',
  'group-expired': 'the group has run out, so it is nobody',
  history: 'in the group, but only for what is newer',
  ceiling: 'above its ceiling',
  red: 'RED goes to nobody outside this institute',
  label: 'this label is not for everybody',
  target: 'what this is about is closed to it',
}

function isEmbargoed({ embargoUntil }: Marking): boolean {
  return embargoUntil !== undefined && embargoUntil * 1_000 > Date.now()
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString()
}
