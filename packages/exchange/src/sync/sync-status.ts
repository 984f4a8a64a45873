import { parseCheckpointUnsafe } from '@concordance/log'
import {
  encodeBase64url,
  type Misconduct,
  type PeerSyncView,
  type PeerView,
  type QuarantinedEntry,
} from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'

/** The configured peers with their state. */
export async function listPeers(deps: Deps): Promise<PeerView[]> {
  const rows = await deps.db.selectFrom('peer').select(['iss', 'base_url', 'pin', 'state']).orderBy('iss').execute()
  return rows.map(({ iss, base_url, pin, state }) => ({ iss, baseUrl: base_url, pin, state }))
}

/** How far each peer's log is copied and verified; peers never reached yet are left out. */
export async function listPeerSync(deps: Deps): Promise<PeerSyncView[]> {
  const rows = await deps.db
    .selectFrom('peer')
    .innerJoin('log', 'log.iss', 'peer.iss')
    .select(['peer.iss', 'log.origin', 'log.state', 'log.state_reason', 'log.size', 'log.staged_size'])
    .select(['peer.checkpoint', 'peer.last_synced_at', 'peer.last_error', 'peer.last_error_at', 'peer.compared_at'])
    .orderBy('peer.iss')
    .execute()
  return rows.map((row) => ({
    iss: row.iss,
    origin: row.origin,
    state: row.state === 'unconfirmed' ? 'held' : row.state,
    size: row.size,
    stagedSize: row.staged_size,
    ...(row.state_reason !== null && { reason: row.state_reason }),
    // Verified before it was stored; here only its size is shown.
    ...(row.checkpoint !== null && { announcedSize: parseCheckpointUnsafe(row.checkpoint).checkpoint.size }),
    ...(row.last_synced_at && { lastSyncedAt: row.last_synced_at.toISOString() }),
    ...(row.last_error !== null && { lastError: row.last_error }),
    ...(row.last_error_at && { lastErrorAt: row.last_error_at.toISOString() }),
    ...(row.compared_at && { comparedAt: row.compared_at.toISOString() }),
  }))
}

/** Every kept bundle of evidence, newest first. */
export async function listMisconduct(deps: Deps): Promise<Misconduct[]> {
  const rows = await deps.db
    .selectFrom('misconduct')
    .select(['id', 'iss', 'kind', 'found_at', 'bundle'])
    .orderBy('id', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    iss: row.iss,
    kind: row.kind as Misconduct['kind'],
    foundAt: row.found_at.toISOString(),
    bundle: row.bundle as Misconduct['bundle'],
  }))
}

/** Entries that are stored and proven but not interpreted, with the reason for each. */
export async function listQuarantine(deps: Deps): Promise<QuarantinedEntry[]> {
  const rows = await deps.db
    .selectFrom('quarantine')
    .innerJoin('log', 'log.id', 'quarantine.log')
    .innerJoin('entry', (join) =>
      join.onRef('entry.log', '=', 'quarantine.log').onRef('entry.position', '=', 'quarantine.position'),
    )
    .select(['log.iss', 'log.origin', 'quarantine.position', 'quarantine.code', 'quarantine.detail', 'entry.record_id'])
    .whereRef('quarantine.position', '<', 'log.size')
    .orderBy('log.iss')
    .orderBy('quarantine.position')
    .limit(1_000)
    .execute()
  return rows.map(({ record_id, ...row }) => ({ ...row, ...(record_id && { recordId: encodeBase64url(record_id) }) }))
}

/** The newest checkpoint we verified of another log. @throws {ExchangeError} `not-found`. */
export async function getHeldCheckpoint({ db }: Deps, origin: string): Promise<{ iss: string; checkpoint: string }> {
  const row = await db
    .selectFrom('log')
    .innerJoin('peer', 'peer.iss', 'log.iss')
    .select(['log.iss', 'peer.checkpoint'])
    .where('log.origin', '=', origin)
    .executeTakeFirst()
  if (!row?.checkpoint) throw new ExchangeError('not-found', 'no copy of that log is kept here')
  return { iss: row.iss, checkpoint: row.checkpoint }
}
