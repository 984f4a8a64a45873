import { encodeBase64url, type Receipt } from '@concordance/protocol'
import type pg from 'pg'
import type { LogState } from '../database/tables.ts'
import { ExchangeError } from '../error.ts'
import type { NewEntry } from './append-batch.ts'
import type { SealingSchedule } from './schedule.ts'

export interface OwnLogRow {
  readonly id: number
  readonly size: number
  readonly frontier: Buffer
  readonly state: LogState
  /** Sequence number of the newest keyset document in the log; 0 before the first. */
  readonly newestKeyset: number
  /** Null where every batch is sealed at once. */
  readonly sealing: SealingSchedule | null
}

/** What is in the database of the things a batch of new entries touches, read under the lock of our own log's row. */
export interface Known {
  readonly ownLog: OwnLogRow
  /** Receipts given before, by `keyOf`. */
  readonly receipts: ReadonlyMap<string, { readonly digest: Buffer; readonly receipt: Receipt }>
  readonly findings: ReadonlyMap<string, NewestVersion>
  /** Ids of withdrawn records among those to be withdrawn. */
  readonly withdrawn: ReadonlySet<string>
  readonly drafts: ReadonlyMap<string, KnownDraft>
  /** Position of the newest marking record, by the id of its target, of the records that entries were composed for. */
  readonly remarked: ReadonlyMap<string, number>
}

export interface KnownDraft {
  readonly etag: number
  readonly receipt: Receipt | null
  /** By somebody who wrote no part of it, and as it stands. */
  readonly isApproved: boolean
  readonly hasOpenClearance: boolean
}

export interface NewestVersion {
  readonly version: number
  readonly recordId: string
  readonly isWithdrawn: boolean
}

/**
 * Begins the transaction, takes the lock and reads, in one round trip: the client is pipelined, and each statement has a
 * snapshot of its own, so what comes after the lock sees everything committed before it.
 */
export async function lookAhead(client: pg.ClientBase, entries: readonly NewEntry[]): Promise<Known> {
  const [ownLog, receipts, findings, withdrawn, drafts, remarked] = await Promise.all([
    beginWithOwnLog(client),
    queryReceipts(client, entries),
    queryFindings(client, entries),
    queryWithdrawn(client, entries),
    queryDrafts(client, entries),
    queryRemarked(client, entries),
  ])
  return { ownLog, receipts, findings, withdrawn, drafts, remarked }
}

/** Begins the transaction of whoever is going to append, and takes the lock that makes positions gapless. */
export async function beginWithOwnLog(client: pg.ClientBase): Promise<OwnLogRow> {
  const [, { rows }] = await Promise.all([
    client.query('begin'),
    client.query<OwnLogRow>({ name: 'lock-own-log', text: lockOwnLog }),
  ])
  const [ownLog] = rows
  if (!ownLog) throw new ExchangeError('identity-invalid', 'the database holds no log of our own')
  return ownLog
}

export function keyOf({ idempotency }: NewEntry): string | undefined {
  return idempotency && `${idempotency.subject}\n${idempotency.key}`
}

/** The record that an entry withdraws, base64url; undefined for every other type. */
export function targetOf({ signed: { statement } }: NewEntry): string | undefined {
  if (statement.type !== 'withdrawal') return undefined
  const target = statement.rel.find(({ kind }) => kind === 'withdraws')?.target
  return target && 'record' in target ? target.record : undefined
}

const lockOwnLog = `select id, size, frontier, state, newest_keyset as "newestKeyset", sealing
  from log where is_own for no key update`

async function queryReceipts(client: pg.ClientBase, entries: readonly NewEntry[]) {
  const asked = entries.flatMap(({ idempotency }) => idempotency ?? [])
  if (asked.length === 0) return new Map()
  const { rows } = await client.query<{ subject: string; key: string; digest: Buffer; receipt: Receipt }>({
    name: 'known-receipts',
    text: `select subject, key, digest, receipt from idempotency
           join unnest($1::text[], $2::text[]) as asked (subject, key) using (subject, key)`,
    values: [asked.map(({ subject }) => subject), asked.map(({ key }) => key)],
  })
  return new Map(rows.map(({ subject, key, digest, receipt }) => [`${subject}\n${key}`, { digest, receipt }]))
}

async function queryFindings(client: pg.ClientBase, entries: readonly NewEntry[]) {
  const { rows } = await client.query<{ finding: string; version: number; record_id: Buffer; is_withdrawn: boolean }>({
    name: 'newest-versions',
    text: `select distinct on (own.finding) own.finding, own.version, own.record_id, gone.record_id is not null as is_withdrawn
           from own_record own
           left join withdrawn gone on gone.record_id = own.record_id and gone.log = (select id from log where is_own)
           where own.finding = any ($1::uuid[])
           order by own.finding, own.version desc`,
    values: [entries.map(({ signed }) => signed.statement.finding)],
  })
  return new Map(
    rows.map((row) => [
      row.finding,
      { version: row.version, recordId: encodeBase64url(row.record_id), isWithdrawn: row.is_withdrawn },
    ]),
  )
}

async function queryWithdrawn(client: pg.ClientBase, entries: readonly NewEntry[]): Promise<Set<string>> {
  const targets = entries.flatMap((entry) => targetOf(entry) ?? [])
  if (targets.length === 0) return new Set()
  const { rows } = await client.query<{ record_id: Buffer }>(
    'select record_id from withdrawn where log = (select id from log where is_own) and record_id = any ($1::bytea[])',
    [targets.map((target) => Buffer.from(target, 'base64url'))],
  )
  return new Set(rows.map(({ record_id }) => encodeBase64url(record_id)))
}

async function queryDrafts(client: pg.ClientBase, entries: readonly NewEntry[]): Promise<Map<string, KnownDraft>> {
  const ids = entries.flatMap(({ draft }) => draft?.id ?? [])
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<KnownDraft & { id: string }>(
    `select id, etag, receipt,
       state = 'approved' and exists (
         select from draft_review review
         where review.draft = draft.id and review.etag = draft.etag and review.act = 'approve'
           and review.actor <> draft.author and review.actor <> all (draft.editors)
       ) as "isApproved",
       exists (
         select from draft_clearance clearance
         where clearance.draft = draft.id and clearance.outcome = 'open' and clearance.overridden_by is null
       ) as "hasOpenClearance"
     from draft where id = any ($1::uuid[]) order by id for update`,
    [ids],
  )
  return new Map(rows.map(({ id, ...draft }) => [id, draft]))
}

async function queryRemarked(client: pg.ClientBase, entries: readonly NewEntry[]): Promise<Map<string, number>> {
  const ids = entries.flatMap(({ markedAs }) => (markedAs ? [Buffer.from(markedAs.recordId, 'base64url')] : []))
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<{ record_id: Buffer; position: number }>(
    `select record_id, position from remarked
     where log = (select id from log where is_own) and record_id = any ($1::bytea[])`,
    [ids],
  )
  return new Map(rows.map(({ record_id, position }) => [encodeBase64url(record_id), position]))
}
