import { encodeFrontier, type Frontier, rootOf } from '@concordance/log'
import type { Receipt, SignedStatement } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { accessEffectsOf, namedReadersOf } from '../access/control-effects.ts'
import type { Tables } from '../database/tables.ts'
import type { NewEntry } from './append-batch.ts'
import { targetOf } from './look-ahead.ts'

/** A new entry with its place in the log. */
export interface PlacedEntry {
  readonly entry: NewEntry
  /** As it goes into the log: signed again where the first key was not valid at this position. */
  readonly signed: SignedStatement
  readonly leafHash: Uint8Array
  readonly receipt: Receipt
}

export interface Batch {
  /** Only turns statements into text here. */
  readonly db: Kysely<Tables>
  readonly log: number
  readonly placed: readonly PlacedEntry[]
  readonly at: Date
}

/** What new leaves do to the tree. */
export interface Growth {
  /** Behind them. */
  readonly frontier: Frontier
  /** Subtrees that they complete. */
  readonly subtrees: readonly { readonly index: number; readonly hash: Uint8Array }[]
}

/**
 * Writes entries, what the rules need to know of them, who asked for them and receipts, and where the tree grows with
 * them the new frontier and the intent to sign it, in the caller's transaction, whose lock on our own log's row makes
 * positions gapless.
 *
 * Every statement is on its way before this returns its promise.
 */
export function insertBatch(client: pg.ClientBase, batch: Batch, growth?: Growth): Promise<unknown> {
  const rare = batch.placed.flatMap((placed) => [
    ...rareStatementsOf(batch.log, placed),
    ...accessStatementsOf(batch, placed),
  ])
  return Promise.all([
    client.query(
      growth
        ? { name: 'insert-batch', text: insertAndGrow, values: [...valuesOf(batch), ...headValuesOf(growth)] }
        : { name: 'insert-ahead', text: `${insertRows} select`, values: valuesOf(batch) },
    ),
    ...(growth ? insertSubtrees(client, batch.log, growth) : []),
    ...rare.map(([text, values]) => client.query(text, values)),
  ])
}

export function insertSubtrees(client: pg.ClientBase, log: number, { subtrees }: Growth): Promise<unknown>[] {
  const text = 'insert into subtree (log, index, hash) values ($1, $2, $3)'
  return subtrees.map(({ index, hash }) => client.query(text, [log, index, hash]))
}

/** Size, root and encoded frontier. */
export function headValuesOf({ frontier }: Growth): [number, Uint8Array, Uint8Array] {
  return [frontier.size, rootOf(frontier), encodeFrontier(frontier)]
}

const insertRows = `
  with new as (
    select * from unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::bigint[],
                         $10::bigint[], $11::text[], $12::bigint[], $13::text[], $14::text[], $15::uuid[], $16::text[])
      as new (position, leaf_hash, record_id, statement, body, type, finding, version, iat, tlp, embargo_until, actor,
              group_iss, group_finding, readers)
  ), entries as (
    insert into entry (log, position, leaf_hash, record_id, statement, body)
    select $1, position, leaf_hash, record_id, convert_to(statement, 'UTF8'), convert_to(body, 'UTF8') from new
  ), records as (
    insert into own_record (position, record_id, type, finding, version, iat, tlp, embargo_until, actor,
                            group_iss, group_finding, readers, at)
    select position, record_id, type, finding, version, iat, tlp, embargo_until, actor, group_iss, group_finding,
      case when readers is not null then array(select jsonb_array_elements_text(readers::jsonb)) end, $17::timestamptz from new
  ), receipts as (
    insert into idempotency (subject, key, digest, receipt, created_at)
    select subject, key, digest, receipt::jsonb, $17::timestamptz
    from unnest($18::text[], $19::text[], $20::bytea[], $21::text[]) as given (subject, key, digest, receipt)
  )`

const insertAndGrow = `${insertRows}, intent as (
    insert into checkpoint (log, size, root, frontier) values ($1, $22, $23, $24)
  )
  update log set size = $22, frontier = $24, staged_size = $22, staged_frontier = $24 where id = $1`

function valuesOf({ log, placed, at }: Batch): unknown[] {
  const statements = placed.map(({ signed }) => signed.statement)
  const keyed = placed.flatMap(({ entry: { idempotency }, receipt }) =>
    idempotency ? [{ ...idempotency, receipt }] : [],
  )
  return [
    log,
    placed.map(({ receipt }) => receipt.position),
    placed.map(({ leafHash }) => leafHash),
    placed.map(({ signed }) => Buffer.from(signed.recordId, 'base64url')),
    placed.map(({ signed }) => signed.compact),
    placed.map(({ entry }) => entry.body ?? null),
    statements.map(({ type }) => type),
    statements.map(({ finding }) => finding),
    statements.map(({ version }) => version),
    statements.map(({ iat }) => iat),
    statements.map(({ mark }) => mark.tlp),
    statements.map(({ mark }) => mark.embargoUntil ?? null),
    placed.map(({ entry }) => entry.actor),
    statements.map(({ mark }) => mark.group?.iss ?? null),
    statements.map(({ mark }) => mark.group?.finding ?? null),
    placed.map(namedReaders),
    at,
    keyed.map(({ subject }) => subject),
    keyed.map(({ key }) => key),
    keyed.map(({ digest }) => digest),
    keyed.map(({ receipt }) => JSON.stringify(receipt)),
  ]
}

type Statement = [text: string, values: unknown[]]

/** Of each their names as JSON, for there are no arrays of unequal arrays in SQL. */
function namedReaders({ entry, signed: { statement } }: PlacedEntry): string | null {
  const named = namedReadersOf({ statement, body: entry.body, readers: readersOf(entry) })
  return named ? JSON.stringify(named) : null
}

function readersOf({ readers = [], actor }: NewEntry): string[] {
  return [...readers, actor]
}

/** What only some records bring along: a target taken back, a draft that becomes a record, a name kept, a keyset put in force. */
function rareStatementsOf(log: number, { entry, receipt }: PlacedEntry): Statement[] {
  const { position } = receipt
  const statements: Statement[] = []
  const target = targetOf(entry)
  if (target !== undefined) {
    const text = `insert into withdrawn (log, record_id, position, effect) values ($1, $2, $3, 'withdrawn')`
    statements.push([text, [log, Buffer.from(target, 'base64url'), position]])
  }
  if (entry.draft)
    statements.push(['update draft set receipt = $2 where id = $1', [entry.draft.id, JSON.stringify(receipt)]])
  if (entry.subjectSecret) {
    const { commitment, subject, salt } = entry.subjectSecret
    const text = 'insert into subject_secret (commitment, subject, salt) values ($1, $2, $3)'
    statements.push([text, [commitment, JSON.stringify(subject), salt]])
  }
  if (entry.keyset) {
    const { document, compact } = entry.keyset
    const text = 'insert into keyset (iss, seq, document, position) values ($1, $2, $3, $4)'
    statements.push([text, [document.iss, document.seq, compact, position]])
    statements.push(['update log set newest_keyset = $2 where id = $1', [log, document.seq]])
  }
  return statements
}

/** After the entry itself: what it changes in who may open what, and what peers are told of it. */
function accessStatementsOf(
  { db, log, at }: Batch,
  { entry, signed: { statement }, receipt }: PlacedEntry,
): Statement[] {
  const { position } = receipt
  const effects = accessEffectsOf({ log, position, statement, body: entry.body, readers: readersOf(entry) }, at)
  return effects.map((effect) => {
    const { sql, parameters } = effect.compile(db)
    return [sql, [...parameters]]
  })
}
