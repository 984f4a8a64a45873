import { setTimeout as sleep } from 'node:timers/promises'
import { api, type Marking, type Receipt, type RecordInput } from '@concordance/protocol'
import { publishDraft, publishReviewed } from '../network/publish-reviewed.ts'
import type { Institute, Network } from '../network/start-network.ts'
import { signIn } from './people.ts'
import { say } from './say.ts'

/** What came of the part of the journey that is about people and groups. */
export interface CircleCounts {
  /** Drafts that a second person approved, at all institutes. */
  readonly reviewed: number
  /** Openings of the group's record at members, with none anywhere else. */
  readonly groupOpenings: number
  /** Peers that were told that a record was closed to them, and show it no more. */
  readonly revokedSeen: number
  readonly embargoOpened: boolean
  /** Records that it appended, all at the first institute. */
  readonly appended: number
}

const patienceMs = 30_000
const embargoMs = 4_000
const green: Marking = { tlp: 'GREEN', relay: 'none' }

/** A circle of two of three: a review, a record for the group alone, one that is narrowed to it, and an embargo that ends. */
export async function showCircle(network: Network, keyOf: (act: string) => string): Promise<CircleCounts> {
  const [owner, member, other] = network.institutes as [Institute, Institute, Institute]
  const embargoed = await publishEmbargoed(owner, keyOf('embargo'))
  const group = await foundCircle(owner, member, keyOf('circle'))
  const amber: Marking = { tlp: 'AMBER', relay: 'none', group }
  const forGroup = await publishAfterReview(
    owner,
    inputOf('A jailbreak that still works.', amber),
    keyOf('for the group'),
  )
  const narrowed = await publishReviewed(owner, inputOf('A setting that weakens refusals.', green), keyOf('narrowed'))
  for (const peer of [member, other]) await untilOpen(peer, narrowed)
  await untilOpen(member, forGroup)
  const openings = [await isOpen(member, forGroup), await isOpen(other, forGroup)]
  say(`${owner.key}: an AMBER record is open to ${member.key}, and a hash to ${other.key}`)

  const body = { mark: amber, reason: { en: 'The developer asked for time to mend it.' } }
  const headers = { 'idempotency-key': keyOf('narrowing') }
  await owner.client.call(api.markRecord, { params: { id: narrowed.recordId }, headers, body })
  const isRevoked = await until(async () => !(await isOpen(other, narrowed)))
  const isKept = await isOpen(member, narrowed)
  say(`${owner.key}: a GREEN record becomes AMBER; ${other.key} is told, and shows it no more: ${isRevoked}`)

  const embargoOpened = await until(() => isOpen(other, embargoed))
  say(`${owner.key}: an embargo ends, and ${other.key} opens the record by itself: ${embargoOpened}`)
  return {
    reviewed: await countApprovals(network),
    groupOpenings: openings[0] && !openings[1] ? 1 : 0,
    revokedSeen: isRevoked && isKept ? 1 : 0,
    embargoOpened,
    appended: 5,
  }
}

/** Three people of the institute: one writes, one who did not write it sends it back with a reason, one publishes. */
async function publishAfterReview(owner: Institute, input: RecordInput, key: string): Promise<Receipt> {
  const [author, reviewer, publisher] = await Promise.all(
    ['author', 'reviewer', 'publisher'].map((who) => signIn(owner, who)),
  )
  if (!author || !reviewer || !publisher) throw new Error('somebody did not sign in')
  const headersOf = (act: string, etag: number) => ({ 'idempotency-key': `${key}-${act}`, 'if-match': `"${etag}"` })
  const draft = await author.call(api.createDraft, { headers: { 'idempotency-key': key }, body: input })
  const params = { id: draft.id }
  if (!draft.publishedAs) {
    const first = await author.call(api.submitDraft, { params, headers: headersOf('first', draft.etag), body: {} })
    const reason = 'Say which models, and leave out how it is done.'
    await reviewer.call(api.sendBackDraft, { params, headers: headersOf('back', first.etag), body: { reason } })
    say(`${owner.key}: the reviewer sends a draft back: “${reason}”`)
    const better = inputOf('A jailbreak that still works on three open models; the recipe stays with us.', input.mark)
    const { etag } = await author.call(api.getDraft, { params })
    const mended = await author.call(api.replaceDraft, { params, headers: { 'if-match': `"${etag}"` }, body: better })
    await author.call(api.submitDraft, { params, headers: headersOf('second', mended.etag), body: {} })
    const hazard = { answer: 'mitigated', text: 'The recipe is left out.' } as const
    await reviewer.call(api.approveDraft, { params, headers: headersOf('approve', mended.etag), body: { hazard } })
  }
  const receipt = await publisher.call(api.publishDraft, { params, headers: { 'idempotency-key': `${key}-publish` } })
  say(`${owner.key}: the author mends it, the reviewer approves it, the publisher publishes it`)
  await Promise.all([author, reviewer, publisher].map((client) => client.close()))
  return receipt
}

async function foundCircle(owner: Institute, member: Institute, key: string) {
  const body = {
    name: { en: 'Open-weights circle' },
    members: [owner, member].map(({ entityId: iss }) => ({ iss })),
  }
  const draft = await owner.client.call(api.createGroup, { headers: { 'idempotency-key': key }, body })
  const { iss, finding } = await publishDraft(owner, draft, key)
  say(`${owner.key}: a group of two of three institutes: ${owner.key} and ${member.key}`)
  return { iss, finding }
}

/** Early, so that its time comes while the rest is shown. */
async function publishEmbargoed(owner: Institute, key: string): Promise<Receipt> {
  const embargoUntil = Math.ceil((Date.now() + embargoMs) / 1_000)
  const receipt = await publishReviewed(
    owner,
    inputOf('A failure the developer has mended.', { ...green, embargoUntil }),
    key,
  )
  say(`${owner.key}: a GREEN record under embargo, for ${embargoMs / 1_000} more seconds`)
  return receipt
}

function inputOf(seen: string, mark: Marking): RecordInput {
  const content = {
    seen: { en: seen },
    country: 'NO',
    sector: 'research',
    howOften: 'rarely',
    wish: { en: 'A joint look.' },
  }
  return { type: 'observation', lang: 'en', mark, content: { ...content, synthetic: true } }
}

async function untilOpen(peer: Institute, receipt: Receipt): Promise<void> {
  if (!(await until(() => isOpen(peer, receipt)))) throw new Error(`${peer.key} does not open what it may open`)
}

async function isOpen({ client }: Institute, { recordId }: Receipt): Promise<boolean> {
  try {
    return (await client.call(api.getRecord, { params: { id: recordId } })).state === 'open'
  } catch (error) {
    if ((error as { code?: string }).code === 'not-found') return false
    throw error
  }
}

async function until(holds: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) return false
    await sleep(100)
  }
  return true
}

async function countApprovals({ institutes }: Network): Promise<number> {
  let approvals = 0
  for (const { client } of institutes) {
    let cursor: string | undefined
    do {
      const page = await client.call(api.listAudit, { query: { act: 'draft.approve', ...(cursor && { cursor }) } })
      approvals += page.items.length
      cursor = page.next
    } while (cursor !== undefined)
  }
  return approvals
}
