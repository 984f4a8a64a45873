import { encodeFrontier, type Frontier } from '@concordance/log'
import type { Receipt, SignedStatement } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { accessEffectsOf, namedReadersOf } from '../access/control-effects.ts'
import type { Tables } from '../database/tables.ts'
import type { TreeHead } from '../deps.ts'
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
  /** Behind them, and its head. */
  readonly frontier: Frontier
  readonly head: TreeHead
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
export function headValuesOf({ frontier, head }: Growth): [number, Uint8Array, Uint8Array] {
  return [head.size, Buffer.from(head.root, 'base64url'), encodeFrontier(frontier)]
}

const insertRows = `
  with new as (
    select position, substring($3::bytea from 32 * nth::int - 31 for 32) as leaf_hash,
      substring($4::bytea from 32 * nth::int - 31 for 32) as record_id,
      substring($5::bytea from statement_at for statement_bytes) as statement,
      substring($8::bytea from body_at for body_bytes) as body,
      type, finding, version, iat, tlp, embargo_until, actor, group_iss, group_finding, readers
    from unnest($2::bigint[], $6::int[], $7::int[], $9::int[], $10::int[], $11::text[], $12::uuid[], $13::bigint[],
                $14::bigint[], $15::text[], $16::bigint[], $17::text[], $18::text[], $19::uuid[], $20::text[]) with ordinality
      as new (position, statement_at, statement_bytes, body_at, body_bytes, type, finding, version, iat, tlp, embargo_until,
              actor, group_iss, group_finding, readers, nth)
  ), entries as (
    insert into entry (log, position, leaf_hash, record_id, statement, body)
    select $1, position, leaf_hash, record_id, statement, body from new
  ), records as (
    insert into own_record (position, record_id, type, finding, version, iat, tlp, embargo_until, actor,
                            group_iss, group_finding, readers, at)
    select position, record_id, type, finding, version, iat, tlp, embargo_until, actor, group_iss, group_finding,
      case when readers is not null then array(select jsonb_array_elements_text(readers::jsonb)) end, $21::timestamptz from new
  ), receipts as (
    insert into idempotency (subject, key, digest, receipt, created_at)
    select subject, key, digest, receipt::jsonb, $21::timestamptz
    from unnest($22::text[], $23::text[], $24::bytea[], $25::text[]) as given (subject, key, digest, receipt)
  )`

const insertAndGrow = `${insertRows}, intent as (
    insert into checkpoint (log, size, root, frontier) values ($1, $26, $27, $28)
  )
  update log set size = $26, frontier = $28, staged_size = $26, staged_frontier = $28 where id = $1`

function valuesOf({ log, placed, at }: Batch): unknown[] {
  const statements = placed.map(({ signed }) => signed.statement)
  const keyed = placed.flatMap(({ entry: { idempotency }, receipt }) =>
    idempotency ? [{ ...idempotency, receipt }] : [],
  )
  const compact = packTexts(placed.map(({ signed }) => signed.compact))
  const bodies = packTexts(placed.map(({ entry }) => entry.body))
  return [
    log,
    placed.map(({ receipt }) => receipt.position),
    Buffer.concat(placed.map(({ leafHash }) => leafHash)),
    Buffer.concat(placed.map(({ signed }) => Buffer.from(signed.recordId, 'base64url'))),
    compact.bytes,
    compact.at,
    compact.sizes,
    bodies.bytes,
    bodies.at,
    bodies.sizes,
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

interface Packed {
  readonly bytes: Buffer
  /** Where each begins, from 1, and how many bytes it has; null for what there is none of. */
  readonly at: readonly (number | null)[]
  readonly sizes: readonly (number | null)[]
}

/** Long texts one behind the other: in an array each character would be looked at twice, here and in the database. */
function packTexts(texts: readonly (string | undefined)[]): Packed {
  const sizes = texts.map((text) => (text === undefined ? null : Buffer.byteLength(text)))
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum: number, size) => sum + (size ?? 0), 0))
  let end = 0
  const at = texts.map((text) => {
    if (text === undefined) return null
    const start = end
    end += bytes.write(text, start)
    return start + 1
  })
  return { bytes, at, sizes }
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
