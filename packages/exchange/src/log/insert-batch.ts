import { encodeFrontier, type Frontier, rootOf } from '@concordance/log'
import type { Receipt, SignedStatement } from '@concordance/protocol'
import type pg from 'pg'
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
  readonly log: number
  readonly placed: readonly PlacedEntry[]
  /** After the batch. */
  readonly frontier: Frontier
  /** Subtrees that the batch completes. */
  readonly subtrees: readonly { readonly index: number; readonly hash: Uint8Array }[]
  readonly at: Date
}

/**
 * Writes entries, what the rules need to know of them, receipts, the audit trail, the new frontier and the intent to sign
 * it: one statement for the usual batch, in the caller's transaction, whose lock on our own log's row makes positions gapless.
 */
export async function insertBatch(client: pg.ClientBase, batch: Batch): Promise<void> {
  await Promise.all([
    client.query({ name: 'insert-batch', text: insertText, values: valuesOf(batch) }),
    insertSubtrees(client, batch),
    insertWithdrawn(client, batch),
    updateDrafts(client, batch),
    insertKeysets(client, batch),
  ])
}

const insertText = `
  with new as (
    select * from unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::bigint[],
                         $10::bigint[], $11::text[], $12::bigint[], $13::text[], $14::text[])
      as new (position, leaf_hash, record_id, statement, body, type, finding, version, iat, tlp, embargo_until, actor, act)
  ), entries as (
    insert into entry (log, position, leaf_hash, record_id, statement, body)
    select $1, position, leaf_hash, record_id, convert_to(statement, 'UTF8'), convert_to(body, 'UTF8') from new
  ), records as (
    insert into own_record (position, record_id, type, finding, version, iat, tlp, embargo_until)
    select position, record_id, type, finding, version, iat, tlp, embargo_until from new
  ), trail as (
    insert into audit (at, actor, act, target, detail)
    select $15::timestamptz, actor, act, position::text, jsonb_build_object('type', type, 'finding', finding, 'version', version) from new
  ), receipts as (
    insert into idempotency (subject, key, digest, receipt, created_at)
    select subject, key, digest, receipt::jsonb, $15::timestamptz
    from unnest($16::text[], $17::text[], $18::bytea[], $19::text[]) as given (subject, key, digest, receipt)
  ), intent as (
    insert into checkpoint (log, size, root, frontier) values ($1, $20, $21, $22)
  )
  update log set size = $20, frontier = $22, staged_size = $20, staged_frontier = $22 where id = $1`

function valuesOf({ log, placed, frontier, at }: Batch): unknown[] {
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
    statements.map(({ type }) => (type === 'withdrawal' ? 'withdraw' : type === 'keyset' ? 'change-keys' : 'publish')),
    at,
    keyed.map(({ subject }) => subject),
    keyed.map(({ key }) => key),
    keyed.map(({ digest }) => digest),
    keyed.map(({ receipt }) => JSON.stringify(receipt)),
    frontier.size,
    rootOf(frontier),
    encodeFrontier(frontier),
  ]
}

async function insertSubtrees(client: pg.ClientBase, { log, subtrees }: Batch): Promise<void> {
  for (const { index, hash } of subtrees) {
    await client.query('insert into subtree (log, index, hash) values ($1, $2, $3)', [log, index, hash])
  }
}

async function insertWithdrawn(client: pg.ClientBase, { log, placed }: Batch): Promise<void> {
  for (const { entry, receipt } of placed) {
    const target = targetOf(entry)
    if (target === undefined) continue
    await client.query(`insert into withdrawn (log, record_id, position, effect) values ($1, $2, $3, 'withdrawn')`, [
      log,
      Buffer.from(target, 'base64url'),
      receipt.position,
    ])
  }
}

async function updateDrafts(client: pg.ClientBase, { placed }: Batch): Promise<void> {
  for (const { entry, receipt } of placed) {
    if (!entry.draft) continue
    await client.query('update draft set receipt = $2 where id = $1', [entry.draft.id, JSON.stringify(receipt)])
  }
}

async function insertKeysets(client: pg.ClientBase, { placed }: Batch): Promise<void> {
  for (const { entry, receipt } of placed) {
    if (!entry.keyset) continue
    const { document, compact } = entry.keyset
    await client.query('insert into keyset (iss, seq, document, position) values ($1, $2, $3, $4)', [
      document.iss,
      document.seq,
      compact,
      receipt.position,
    ])
  }
}
