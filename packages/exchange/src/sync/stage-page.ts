import { encodeFrontier, rootOf } from '@concordance/log'
import { encodeBase64url, type GatedEntry } from '@concordance/protocol'
import type pg from 'pg'
import { copyEntries } from '../database/copy.ts'
import { inTransaction } from '../database/in-transaction.ts'
import type { Deps } from '../deps.ts'
import { type AcceptedEntry, acceptEntries } from './accept-entries.ts'
import { applyControl, noteControl } from './control-records.ts'
import { coverageValuesOf } from './coverage-received.ts'
import type { Mirror } from './mirror.ts'
import { noteNarrowed } from './narrowing.ts'
import { isPlain, promotePlainPage } from './promote-plain-page.ts'
import { isRepeat, setAsideRepeats } from './set-aside-repeats.ts'
import { SyncError } from './sync-error.ts'
import type { VerifiedPage } from './verify-page.ts'

/** How far a walk goes before a root is compared: the size and root of a checkpoint the peer signed. */
export interface Target {
  readonly size: number
  readonly root: string
}

/** What storing a page came to. */
export interface Staged {
  /** The target is reached, and everything up to it verified. */
  readonly reached: boolean
  /** Whether rights to our own entries may have changed with a group. */
  readonly changesOurs: boolean
}

/**
 * Stores a verified page in one transaction. Below the target its entries stay staged; at the target the root is
 * compared, and the same transaction promotes everything staged, with what its control records bring about. A crash before
 * the commit leaves the mirror as it was.
 *
 * @throws {SyncError} `ROOT_MISMATCH`; the transaction wrote nothing.
 */
export async function stagePage(deps: Deps, mirror: Mirror, page: VerifiedPage, target: Target): Promise<Staged> {
  const { frontier } = page
  const reached = frontier.size === target.size
  if (reached && encodeBase64url(rootOf(frontier)) !== target.root) {
    throw new SyncError('ROOT_MISMATCH', `${frontier.size} entries do not give the signed root`)
  }
  const entries = acceptEntries(page.entries, deps.accepts)
  const isNews = reached && target.size === page.checkpoint.size && isPlain(page, entries)
  try {
    if (isNews && (await promotePlainPage(deps, mirror, page, entries))) return { reached, changesOurs: false }
    return await storePage(deps, mirror, page, { entries, reached })
  } catch (error) {
    // Looked for once the database has refused one: an honest log repeats nothing and pays nothing for this.
    if (!isRepeat(error)) throw error
    const once = await setAsideRepeats(deps.pool, mirror.log, entries)
    return storePage(deps, mirror, page, { entries: once, reached })
  }
}

async function storePage(
  deps: Deps,
  mirror: Mirror,
  page: VerifiedPage,
  { entries, reached }: { entries: readonly AcceptedEntry[]; reached: boolean },
): Promise<Staged> {
  return inTransaction(deps.pool, async (client) => {
    await lockMirror(client, mirror)
    await copyEntries(
      client,
      entries.map((entry) => rowOf(mirror.log, entry)),
    )
    await insertSubtrees(client, mirror.log, page.subtrees)
    await insertQuarantine(client, mirror.log, entries)
    await insertKeysets(client, mirror.iss, entries)
    await insertWithdrawals(client, mirror, entries)
    await noteControl(client, mirror.log, entries)
    await noteNarrowed(client, mirror.log, page)
    const isControlled = await advance(client, mirror.log, page, reached)
    if (reached) await keepCheckpoint(client, mirror, page)
    const changesOurs = isControlled && (await applyControl(client, deps, mirror, page.frontier.size))
    return { reached, changesOurs }
  })
}

/**
 * Keeps the newest checkpoint of a page that brought no entries: a fresher signature on a root we have verified.
 *
 * @throws {SyncError} `ROOT_MISMATCH` when the peer signed another root for what we hold.
 */
export async function keepFresherCheckpoint(pool: pg.Pool, mirror: Mirror, page: VerifiedPage): Promise<void> {
  if (page.checkpoint.root !== encodeBase64url(rootOf(mirror.staged))) {
    throw new SyncError('ROOT_MISMATCH', `${mirror.size} entries do not give the signed root`)
  }
  await inTransaction(pool, (client) => keepCheckpoint(client, mirror, page))
}

/** Forgets everything staged but not verified. */
export async function discardStaging(pool: pg.Pool, log: number): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ size: number; iss: string }>(
      'select size, iss from log where id = $1 for no key update',
      [log],
    )
    const { size, iss } = rows[0] as { size: number; iss: string }
    await client.query('delete from entry where log = $1 and position >= $2', [log, size])
    await client.query('delete from subtree where log = $1 and (index + 1) * 256 > $2', [log, size])
    await client.query('delete from quarantine where log = $1 and position >= $2', [log, size])
    await client.query('delete from coverage_received where log = $1 and to_position > $2', [log, size])
    for (const table of ['withdrawn', 'control_pending', 'narrowed', 'revoked']) {
      await client.query(`delete from ${table} where log = $1 and position >= $2`, [log, size])
    }
    await client.query('update keyset set position = null where iss = $1 and position >= $2', [iss, size])
    await client.query('update log set staged_size = size, staged_frontier = frontier where id = $1', [log])
  })
}

/** A second process that syncs the same peer has moved on: its work stands, ours is dropped. */
async function lockMirror(client: pg.ClientBase, mirror: Mirror): Promise<void> {
  const { rows } = await client.query({
    name: 'lock-mirror',
    text: 'select 1 from log where id = $1 and staged_size = $2 for no key update',
    values: [mirror.log, mirror.staged.size],
  })
  if (rows.length === 0) throw new SyncError('MOVED_ON', 'another pass has stored these entries')
}

function rowOf(log: number, { position, leafHash, recordId, compact, bodyText }: GatedEntry) {
  const id = recordId === undefined ? undefined : Buffer.from(recordId, 'base64url')
  return { log, position, leafHash, recordId: id, statement: compact, body: bodyText }
}

async function insertSubtrees(client: pg.ClientBase, log: number, subtrees: VerifiedPage['subtrees']): Promise<void> {
  if (subtrees.length === 0) return
  await client.query('insert into subtree (log, index, hash) select $1, * from unnest($2::bigint[], $3::bytea[])', [
    log,
    subtrees.map(({ index }) => index),
    subtrees.map(({ hash }) => hash),
  ])
}

async function insertQuarantine(client: pg.ClientBase, log: number, entries: readonly GatedEntry[]): Promise<void> {
  const refused = entries.flatMap(({ position, quarantine }) => (quarantine ? [{ position, ...quarantine }] : []))
  if (refused.length === 0) return
  await client.query(
    'insert into quarantine (log, position, code, detail) select $1, * from unnest($2::bigint[], $3::text[], $4::text[])',
    [
      log,
      refused.map(({ position }) => position),
      refused.map(({ code }) => code),
      refused.map(({ detail }) => detail),
    ],
  )
}

async function insertKeysets(client: pg.ClientBase, iss: string, entries: readonly GatedEntry[]): Promise<void> {
  for (const { keyset, position } of entries) {
    if (!keyset) continue
    await client.query(
      `insert into keyset (iss, seq, document, position) values ($1, $2, $3, $4)
       on conflict (iss, seq) do update set position = excluded.position`,
      [iss, keyset.document.seq, keyset.compact, position],
    )
  }
}

/**
 * What an institute takes back of its own records: by a withdrawal, or hidden by a control record of its own that cannot
 * be interpreted.
 */
export async function insertWithdrawals(
  client: pg.ClientBase,
  mirror: Mirror,
  entries: readonly GatedEntry[],
): Promise<void> {
  for (const { position, record, effect } of entries.flatMap((entry) => takenBackBy(mirror.iss, entry))) {
    await client.query(
      'insert into withdrawn (log, record_id, position, effect) values ($1, $2, $3, $4) on conflict do nothing',
      [mirror.log, Buffer.from(record, 'base64url'), position, effect],
    )
  }
}

interface TakenBack {
  readonly position: number
  readonly record: string
  readonly effect: 'withdrawn' | 'hidden'
}

function takenBackBy(iss: string, { position, statement, quarantine }: GatedEntry): TakenBack[] {
  const named = quarantine
    ? (quarantine.hides ?? [])
    : statement?.type === 'withdrawal'
      ? statement.rel.filter(({ kind }) => kind === 'withdraws').map(({ target }) => target)
      : []
  const effect = quarantine ? 'hidden' : 'withdrawn'
  return named.flatMap((target) =>
    'record' in target && target.iss === iss ? [{ position, record: target.record, effect }] : [],
  )
}

/**
 * How far the copy goes, and what the peer said of the entries that brought it there.
 *
 * @returns whether control records among them, verified now, are to be applied.
 */
async function advance(client: pg.ClientBase, log: number, page: VerifiedPage, reached: boolean): Promise<boolean> {
  const { frontier } = page
  const promote = reached ? ', size = $2, frontier = $3' : ''
  const { rowCount } = await client.query({
    name: reached ? 'promote-mirror' : 'advance-mirror',
    text: `with received as (
        insert into coverage_received (log, from_position, to_position, common, jws, iat)
        values ($1, $4, $5, $6, $7, $8) on conflict do nothing
      ), moved as (
        update log set staged_size = $2, staged_frontier = $3${promote} where id = $1
      )
      select from control_pending where log = $1 and ${reached} limit 1`,
    values: [log, frontier.size, encodeFrontier(frontier), ...coverageValuesOf(page)],
  })
  return rowCount !== 0
}

/** The checkpoint may be newer than the target; its own size is verified when the walk gets there. */
async function keepCheckpoint(client: pg.ClientBase, mirror: Mirror, page: VerifiedPage): Promise<void> {
  const { checkpoint, checkpointJws, frontier } = page
  const root = Buffer.from(checkpoint.root, 'base64url')
  const { log, iss } = mirror
  const isVerified = checkpoint.size === frontier.size
  await client.query({
    name: 'keep-checkpoint',
    text: `with newest as (
        update peer set checkpoint = $5, checkpoint_iat = $6, last_synced_at = now(), last_error = null, last_error_at = null
        where iss = $1 and (checkpoint_iat is null or checkpoint_iat <= $6)
      )
      insert into checkpoint (log, size, root, jws, iat) select $2, $3, $4, $5, $6 where $7
      on conflict (log, size) do update set jws = excluded.jws, iat = excluded.iat where checkpoint.iat <= excluded.iat`,
    values: [iss, log, checkpoint.size, root, checkpointJws, checkpoint.iat, isVerified],
  })
}
