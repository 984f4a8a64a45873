import { type Audience, limits, type Marking, parseMarking } from '@concordance/protocol'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { getRecord } from '../records.ts'
import { findGroup } from './groups.ts'
import { type Guarded, judge, type PeerViewer, type Verdict, type Viewer } from './may-open.ts'

/** What is to be marked. */
export interface MarkingQuestion {
  readonly mark: unknown
  /** Record id, where it is another marking for a record of our own. */
  readonly record?: string
  /** Where it is the next snapshot of a group: whom that would list. */
  readonly members?: readonly { readonly iss: string; readonly historyFrom?: number }[]
}

/**
 * To whom a new record of this marking would go, each active peer with the reason, by the rule that also delivers.
 *
 * @throws {ExchangeError} `marking-invalid`; `not-found` also for a record that is closed to the viewer.
 */
export async function previewAudience(deps: Deps, viewer: Viewer, asked: MarkingQuestion): Promise<Audience> {
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const guarded = await marked(deps, viewer, asked, nowSeconds)
  const verdictFor = (viewer: PeerViewer | { kind: 'public' }) => judge(viewer, guarded, nowSeconds)
  const peers = await listPeerViewers(deps)
  return {
    peers: peers.map((peer) => sayItOf(peer, verdictFor(peer))),
    public: sayIt(verdictFor({ kind: 'public' })),
  }
}

/** The record as it would be marked. */
async function marked(deps: Deps, viewer: Viewer, asked: MarkingQuestion, nowSeconds: number): Promise<Guarded> {
  const mark = markingOf(asked.mark)
  const group = mark.group && (await findGroup(deps.db, mark.group))
  if (asked.record !== undefined) {
    await getRecord(deps, viewer, asked.record)
    return { ...(await getGuarded(deps, Buffer.from(asked.record, 'base64url'))), mark, group }
  }
  const fresh = { isOwn: true, mark, iat: nowSeconds, isTakenBack: false }
  if (asked.members === undefined) return { ...fresh, type: 'evaluation', group }
  const members = asked.members.map(({ iss, historyFrom = 0 }) => ({ iss, historyFrom }))
  const readers = members.map(({ iss }) => iss)
  return { ...fresh, type: 'group', readers, group: { validUntil: nowSeconds + limits.groupLifetimeSeconds, members } }
}

/**
 * Who could open one of our records now, and why; told to whom it is open. Which peers, and so who is in a group, is for our
 * own staff, as groups are.
 *
 * @throws {ExchangeError} `not-found` also for a record that is closed to the viewer, or another institute's.
 */
export async function explainAccess(deps: Deps, viewer: Viewer, recordId: string): Promise<Audience> {
  await getRecord(deps, viewer, recordId)
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const guarded = await getGuarded(deps, Buffer.from(recordId, 'base64url'))
  const isStaff = viewer.kind === 'person' && viewer.staff
  const verdictFor = async (peer: PeerViewer) => {
    const wasSent = await isDelivered(deps, peer.iss, guarded.targetPosition)
    return sayItOf(peer, judge(peer, { ...guarded, wasSent }, nowSeconds))
  }
  const peers = isStaff ? await listPeerViewers(deps) : []
  return {
    peers: await Promise.all(peers.map(verdictFor)),
    public: sayIt(judge({ kind: 'public' }, guarded, nowSeconds)),
  }
}

function sayItOf({ iss, ceiling }: PeerViewer, verdict: Verdict): Audience['peers'][number] {
  const because = sayIt(verdict)
  return { iss, ...because, ...(because.because === 'ceiling' && { ceiling }) }
}

function sayIt({ openness, because }: Verdict): Audience['public'] {
  return { opens: openness !== 'hash', because: because as Audience['public']['because'] }
}

function markingOf(asked: unknown): Marking {
  try {
    return parseMarking(asked)
  } catch (error) {
    throw new ExchangeError('marking-invalid', (error as Error).message, { cause: error })
  }
}

async function listPeerViewers({ db }: Deps): Promise<PeerViewer[]> {
  const rows = await db
    .selectFrom('peer')
    .select(['iss', 'ceiling'])
    .where('state', '=', 'active')
    .orderBy('iss')
    .execute()
  return rows.map((row) => ({ kind: 'peer', ...row }))
}

type OwnGuarded = Guarded & { readonly targetPosition: number | null }

async function getGuarded(deps: Deps, recordId: Buffer): Promise<OwnGuarded> {
  const row = await selectOwn(deps).where('own_record.record_id', '=', recordId).executeTakeFirst()
  if (!row) throw new ExchangeError('not-found', 'there is no such record of our own')
  const about =
    row.target === null
      ? undefined
      : await selectOwn(deps).where('own_record.position', '=', row.target).executeTakeFirst()
  return {
    ...(await guardedOf(deps, row)),
    ...(about && { target: await guardedOf(deps, about) }),
    targetPosition: row.target,
  }
}

function selectOwn({ db }: Deps) {
  const takenBack = sql<boolean>`exists (select from withdrawn join log on log.id = withdrawn.log
    where log.is_own and withdrawn.record_id = own_record.record_id)`
  return db.selectFrom('own_record').selectAll('own_record').select(takenBack.as('is_taken_back'))
}

type OwnRow = Awaited<ReturnType<ReturnType<typeof selectOwn>['executeTakeFirstOrThrow']>>

async function guardedOf({ db }: Deps, row: OwnRow): Promise<Guarded> {
  const { type, iat, tlp, embargo_until, group_iss, group_finding, readers, is_taken_back } = row
  const group = group_iss && group_finding ? { iss: group_iss, finding: group_finding } : undefined
  const mark = {
    tlp,
    relay: 'none',
    ...(group && { group }),
    ...(embargo_until && { embargoUntil: embargo_until }),
  } as Marking
  return {
    isOwn: true,
    type,
    mark,
    iat,
    isTakenBack: is_taken_back,
    readers: readers ?? [],
    group: group && (await findGroup(db, group)),
  }
}

async function isDelivered({ db }: Deps, peer: string, position: number | null): Promise<boolean> {
  if (position === null) return false
  const row = await db
    .selectFrom('delivery')
    .select('id')
    .where('peer', '=', peer)
    .where('from_position', '<=', position)
    .where(sql<boolean>`${position} - from_position = any (opened)`)
    .executeTakeFirst()
  return row !== undefined
}
