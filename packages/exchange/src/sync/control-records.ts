import {
  type GroupBody,
  leafHashOf,
  leafInputOf,
  type Marking,
  type MarkingBody,
  parseCompactUnsafe,
  parseStatementUnsafe,
} from '@concordance/protocol'
import type { RawBuilder } from 'kysely'
import type pg from 'pg'
import { remarkProjection, type StoredGroup, storeGroup, tellOfGroup } from '../access/control-effects.ts'
import type { Deps } from '../deps.ts'
import { type AcceptedEntry, aboveCeiling, isAbove, refusalOf, remarkedBy } from './accept-entries.ts'
import type { Mirror } from './mirror.ts'

/** What applying control records needs besides its transaction. */
export type ControlDeps = Pick<Deps, 'db' | 'accepts' | 'now'>

/** Notes which entries change how others may be read, for `applyControl` to act on once they are verified. */
export async function noteControl(
  client: pg.ClientBase,
  log: number,
  entries: readonly AcceptedEntry[],
): Promise<void> {
  const control = entries.filter(isControl)
  if (control.length === 0) return
  await client.query(
    `insert into control_pending (log, position, target, mark)
     select $1, * from unnest($2::bigint[], $3::bytea[], $4::jsonb[]) on conflict do nothing`,
    [
      log,
      control.map(({ position }) => position),
      control.map(({ remarks }) => (remarks ? Buffer.from(remarks.record, 'base64url') : null)),
      control.map(({ remarks }) => (remarks ? JSON.stringify(remarks.mark) : null)),
    ],
  )
}

/**
 * Brings about what the noted control records below `size` say: markings, groups, withdrawn groups. Idempotent, and in the
 * order of the log; a record that arrives after a newer one changes nothing. What cannot be interpreted fails closed: a
 * group becomes nobody, the target of a marking is hidden already (see `takenBackBy`).
 *
 * @returns whether rights to our own entries may have changed: peers that wait are to be told after the commit.
 */
export async function applyControl(
  client: pg.ClientBase,
  deps: ControlDeps,
  { log, iss }: Pick<Mirror, 'log' | 'iss'>,
  size: number,
): Promise<boolean> {
  let changesOurs = false
  for (const pending of await takePending(client, log, size)) {
    const remarked = findRemarked(pending)
    if (remarked) await applyMarking(client, deps, log, pending.position, remarked)
    else changesOurs = (await applyToGroups(client, deps, { log, iss }, pending)) || changesOurs
  }
  return changesOurs
}

/** Makes nobody of the groups whose snapshot in force is one of these entries: a newer one must be closed to us. */
export async function closeGroups(
  client: pg.ClientBase,
  deps: ControlDeps,
  log: number,
  positions: readonly number[],
): Promise<boolean> {
  const { rows } = await client.query<InForce>(
    `select iss, finding, log, position, version from group_snapshot
     where log = $1 and position = any ($2) and valid_until > 0`,
    [log, positions],
  )
  for (const inForce of rows) await putInForce(client, deps, { ...inForce, validUntil: 0, members: [] })
  return rows.length > 0
}

interface InForce {
  readonly iss: string
  readonly finding: string
  readonly log: number
  readonly position: number
  readonly version: number
}

const controlTypes: readonly unknown[] = ['marking', 'group', 'withdrawal']

/** Whether it changes how others may be read. */
export function isControl({ statement, compact, quarantine, remarks }: AcceptedEntry): boolean {
  if (compact === undefined) return remarks !== undefined
  return controlTypes.includes(quarantine ? payloadOf(compact).type : statement?.type)
}

/** Also of statements that break a rule. The signature was verified when the entry came. */
function payloadOf(compact: string) {
  return parseCompactUnsafe(compact, 'concordance-record+jwt').payload
}

interface PendingEntry {
  readonly position: number
  /** Null of a record that is not kept, which then has `target` and `mark`. */
  readonly record_id: Buffer | null
  readonly statement: string | null
  readonly body: string | null
  /** Why it is in quarantine, if it is. */
  readonly code: string | null
  readonly target: Buffer | null
  readonly mark: Marking | null
}

async function takePending(client: pg.ClientBase, log: number, size: number): Promise<PendingEntry[]> {
  const { rows } = await client.query<PendingEntry>(
    `with taken as (delete from control_pending where log = $1 and position < $2 returning position, target, mark)
     select position, record_id, convert_from(statement, 'UTF8') as statement, convert_from(body, 'UTF8') as body, code,
       target, mark
     from taken join entry using (position) left join quarantine using (log, position)
     where entry.log = $1 order by position`,
    [log, size],
  )
  return rows
}

interface Remarked {
  readonly target: Buffer
  readonly mark: Marking
}

/** What a marking record says; undefined of any other record, and of one that cannot be read. */
function findRemarked({ target, mark, statement, body, code }: PendingEntry): Remarked | undefined {
  if (target && mark) return { target, mark }
  if (statement === null || body === null || code !== null) return undefined
  const recordId = remarkedBy(parseStatementUnsafe(statement).statement)
  if (recordId === undefined) return undefined
  return { target: Buffer.from(recordId, 'base64url'), mark: (JSON.parse(body) as MarkingBody).mark }
}

async function applyMarking(
  client: pg.ClientBase,
  deps: ControlDeps,
  log: number,
  position: number,
  { target, mark }: Remarked,
): Promise<void> {
  const { rowCount } = await client.query(
    `insert into remarked (log, record_id, position, mark) values ($1, $2, $3, $4)
     on conflict (log, record_id) do update set position = excluded.position, mark = excluded.mark
     where remarked.position < excluded.position`,
    [log, target, position, JSON.stringify(mark)],
  )
  if (rowCount === 0) return
  await run(client, deps, remarkProjection(log, target, mark))
  if (isAbove(mark.tlp, deps.accepts)) await dropContent(client, deps, log, target)
  else await askAgain(client, log, target)
}

/** The statement stays as proof, shown to nobody; the body goes. */
async function dropContent(client: pg.ClientBase, deps: ControlDeps, log: number, target: Buffer): Promise<void> {
  await client.query(
    `insert into quarantine (log, position, code, detail)
     select log, position, $3, $4 from entry where log = $1 and record_id = $2 on conflict do nothing`,
    [log, target, aboveCeiling, refusalOf(deps.accepts)],
  )
  await client.query('update entry set body = null where log = $1 and record_id = $2', [log, target])
  await client.query('delete from record where log = $1 and record_id = $2', [log, target])
}

/** What was refused under its former marking is read once more; of what was closed to us there is nothing to find. */
async function askAgain(client: pg.ClientBase, log: number, target: Buffer): Promise<void> {
  await client.query(
    `with lifted as (
       delete from quarantine using entry
       where quarantine.log = $1 and code = $2 and entry.log = $1 and entry.position = quarantine.position and leaf_hash = $3
       returning entry.position)
     update log set reread_from = least(reread_from, lifted.position) from lifted where log.id = $1`,
    [log, aboveCeiling, Buffer.from(leafHashOf(leafInputOf(target.toString('base64url'))))],
  )
}

async function applyToGroups(
  client: pg.ClientBase,
  deps: ControlDeps,
  { log, iss }: Pick<Mirror, 'log' | 'iss'>,
  { position, record_id, statement, body, code }: PendingEntry,
): Promise<boolean> {
  if (statement === null || record_id === null) return false
  const { type, finding, version } = payloadOf(statement)
  if (type === 'withdrawal') return closeWithdrawn(client, deps, log)
  if (type !== 'group' || !isUuid(finding)) return false
  const group = { iss, finding, log, position }
  if (code === null && body !== null && !(await isWithdrawn(client, log, record_id))) {
    const { members, validUntil } = JSON.parse(body) as GroupBody
    await putInForce(client, deps, { ...group, version: version as number, members, validUntil })
    return true
  }
  const inForce = await findInForce(client, group)
  if (inForce && inForce.position > position) return false
  // One whose number cannot be read stands for the next: whatever comes later replaces it.
  const number = isVersion(version) ? version : (inForce?.version ?? 1)
  await putInForce(client, deps, { ...group, version: number, members: [], validUntil: 0 })
  return true
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
}

async function findInForce(
  client: pg.ClientBase,
  { iss, finding }: { iss: string; finding: string },
): Promise<InForce | undefined> {
  const { rows } = await client.query<InForce>(
    'select iss, finding, log, position, version from group_snapshot where iss = $1 and finding::text = $2',
    [iss, finding],
  )
  return rows[0]
}

async function isWithdrawn(client: pg.ClientBase, log: number, recordId: Buffer): Promise<boolean> {
  const { rowCount } = await client.query('select from withdrawn where log = $1 and record_id = $2', [log, recordId])
  return rowCount !== 0
}

/** A withdrawn snapshot in force is nobody; the one before it does not come back. */
async function closeWithdrawn(client: pg.ClientBase, deps: ControlDeps, log: number): Promise<boolean> {
  const { rows } = await client.query<{ position: number }>(
    `select snapshot.position from group_snapshot snapshot
     join entry on entry.log = snapshot.log and entry.position = snapshot.position
     join withdrawn on withdrawn.log = entry.log and withdrawn.record_id = entry.record_id
     where snapshot.log = $1`,
    [log],
  )
  return closeGroups(
    client,
    deps,
    log,
    rows.map(({ position }) => position),
  )
}

/** Our own log is locked first: rights to its entries are compared, and feeds are gapless. */
async function putInForce(client: pg.ClientBase, deps: ControlDeps, group: StoredGroup): Promise<void> {
  await client.query('select from log where is_own for no key update')
  await run(client, deps, [...storeGroup(group), ...tellOfGroup(group, deps.now())])
}

async function run(
  client: pg.ClientBase,
  { db }: Pick<Deps, 'db'>,
  statements: readonly RawBuilder<unknown>[],
): Promise<void> {
  for (const statement of statements) {
    const { sql: text, parameters } = statement.compile(db)
    await client.query(text, [...parameters])
  }
}
