import { type Audience, type Marking, parseMarking } from '@concordance/protocol'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { getRecord } from '../records.ts'
import { findGroup } from './groups.ts'
import { type Guarded, judge, type PeerViewer, type Verdict, type Viewer } from './may-open.ts'

/**
 * To whom a new record of this marking would go, each active peer with the reason, by the rule that also delivers.
 *
 * @throws {ExchangeError} `marking-invalid`.
 */
export async function previewAudience(deps: Deps, asked: unknown): Promise<Audience> {
  const mark = markingOf(asked)
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const group = mark.group && (await findGroup(deps.db, mark.group))
  const guarded: Guarded = { isOwn: true, type: 'evaluation', mark, iat: nowSeconds, isTakenBack: false, group }
  const verdictFor = (viewer: PeerViewer | { kind: 'public' }) => {
    return sayIt(judge(viewer, guarded, nowSeconds))
  }
  const peers = await listPeerViewers(deps)
  return {
    peers: peers.map((peer) => ({ iss: peer.iss, ...verdictFor(peer) })),
    public: verdictFor({ kind: 'public' }),
  }
}

/**
 * Who could open one of our records now, and why; told to whom it is open.
 *
 * @throws {ExchangeError} `not-found` also for a record that is closed to the viewer, or another institute's.
 */
export async function explainAccess(deps: Deps, viewer: Viewer, recordId: string): Promise<Audience> {
  await getRecord(deps, viewer, recordId)
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const guarded = await getGuarded(deps, Buffer.from(recordId, 'base64url'))
  const verdictFor = async (viewer: PeerViewer | { kind: 'public' }) => {
    const wasSent = viewer.kind === 'peer' && (await isDelivered(deps, viewer.iss, guarded.targetPosition))
    return sayIt(judge(viewer, { ...guarded, wasSent }, nowSeconds))
  }
  const viewers = await listPeerViewers(deps)
  const peers = await Promise.all(viewers.map(async (peer) => ({ iss: peer.iss, ...(await verdictFor(peer)) })))
  return { peers, public: await verdictFor({ kind: 'public' }) }
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
