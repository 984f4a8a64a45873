import type { GatedEntry, Marking } from '@concordance/protocol'
import type pg from 'pg'
import { projectOpened } from '../projection/project-log.ts'
import { acceptEntries } from './accept-entries.ts'
import { applyControl, type ControlDeps, closeGroups, noteControl } from './control-records.ts'
import { insertCoverage } from './coverage-received.ts'
import type { Mirror } from './mirror.ts'
import { noteNarrowed } from './narrowing.ts'
import { setAsideRepeats } from './set-aside-repeats.ts'
import { insertWithdrawals } from './stage-page.ts'
import type { VerifiedEntries } from './verify-page.ts'

/** What storing a page of entries that we hold already has changed. */
export interface Reopened {
  /** Entries that are open to us now and were not, or the other way round. */
  readonly changed: number
  /** Whether rights to our own entries may have changed with a group. */
  readonly changesOurs: boolean
}

export const nothingReopened: Reopened = { changed: 0, changesOurs: false }

/**
 * Stores what a page opens of entries that stand here as hashes, or were closed to us since. What was closed by an item of
 * the access feed that the page does not know of stays closed. Requires that the leaves of the page are those stored here,
 * and the lock of the mirror's row.
 */
export async function storeOpenings(
  client: pg.ClientBase,
  deps: ControlDeps,
  mirror: Mirror,
  page: VerifiedEntries,
): Promise<Reopened> {
  const { log } = mirror
  const { from, to, accessAt } = page.coverage
  const remarked = await listRemarked(client, log, page.entries)
  const accepted = acceptEntries(page.entries, deps.accepts, remarked)
  const entries = await setAsideRepeats(client, log, accepted)
  const opened = entries.filter(({ compact }) => compact !== undefined)
  const fresh = await openEntries(client, log, opened)
  const again = await unhide(client, log, opened, accessAt)
  await replaceQuarantine(client, log, entries)
  await insertWithdrawals(client, mirror, entries)
  await noteControl(client, log, entries)
  await noteNarrowed(client, log, page)
  await insertCoverage(client, log, page)
  const changesOurs = await applyControl(client, deps, mirror, mirror.size)
  if (fresh > 0) await projectOpened(client, mirror, { from, to })
  return { changed: fresh + again, changesOurs }
}

/** An entry that is closed to us from an item of the access feed on. */
export interface Closed {
  readonly position: number
  readonly seq: number
}

/** Hides entries from everybody here; their bytes stay as proof. */
export async function hideEntries(
  client: pg.ClientBase,
  deps: ControlDeps,
  log: number,
  closed: readonly Closed[],
): Promise<Reopened> {
  if (closed.length === 0) return nothingReopened
  const positions = closed.map(({ position }) => position)
  const { rowCount } = await client.query(
    `insert into revoked (log, position, seq)
     select $1, position, max(seq) from unnest($2::bigint[], $3::bigint[]) as closed (position, seq) group by position
     on conflict (log, position) do update set seq = excluded.seq where revoked.seq < excluded.seq`,
    [log, positions, closed.map(({ seq }) => seq)],
  )
  return { changed: rowCount ?? 0, changesOurs: await closeGroups(client, deps, log, positions) }
}

async function openEntries(client: pg.ClientBase, log: number, opened: readonly GatedEntry[]): Promise<number> {
  if (opened.length === 0) return 0
  const { rowCount } = await client.query(
    `update entry set record_id = given.record_id, statement = convert_to(given.statement, 'UTF8'),
       body = coalesce(entry.body, convert_to(given.body, 'UTF8'))
     from unnest($2::bigint[], $3::bytea[], $4::text[], $5::text[]) as given (position, record_id, statement, body)
     where entry.log = $1 and entry.position = given.position
       and (entry.statement is null or (entry.body is null and given.body is not null))`,
    [
      log,
      opened.map(({ position }) => position),
      opened.map(({ recordId = '' }) => Buffer.from(recordId, 'base64url')),
      opened.map(({ compact }) => compact),
      opened.map(({ bodyText }) => bodyText ?? null),
    ],
  )
  return rowCount ?? 0
}

async function unhide(
  client: pg.ClientBase,
  log: number,
  opened: readonly GatedEntry[],
  accessAt: number,
): Promise<number> {
  const { rowCount } = await client.query('delete from revoked where log = $1 and position = any ($2) and seq < $3', [
    log,
    opened.map(({ position }) => position),
    accessAt,
  ])
  return rowCount ?? 0
}

/** As the entries were judged now: by what this version can read, and by what this node accepts. */
async function replaceQuarantine(client: pg.ClientBase, log: number, entries: readonly GatedEntry[]): Promise<void> {
  const judged = entries.filter(({ compact, quarantine }) => compact !== undefined || quarantine !== undefined)
  await client.query('delete from quarantine where log = $1 and position = any ($2)', [
    log,
    judged.map(({ position }) => position),
  ])
  await client.query(
    `insert into quarantine (log, position, code, detail)
     select $1, position, code, detail from jsonb_to_recordset($2::jsonb) as refused (position bigint, code text, detail text)`,
    [
      log,
      JSON.stringify(judged.flatMap(({ position, quarantine }) => (quarantine ? { position, ...quarantine } : []))),
    ],
  )
}

async function listRemarked(
  client: pg.ClientBase,
  log: number,
  entries: readonly GatedEntry[],
): Promise<Map<string, Marking>> {
  const ids = entries.flatMap(({ recordId }) => (recordId ? [Buffer.from(recordId, 'base64url')] : []))
  const { rows } = await client.query<{ record_id: Buffer; mark: Marking }>(
    'select record_id, mark from remarked where log = $1 and record_id = any ($2)',
    [log, ids],
  )
  return new Map(rows.map(({ record_id, mark }) => [record_id.toString('base64url'), mark]))
}
