import type { DraftInput, DraftPage, DraftView, Receipt } from '@concordance/protocol'
import type { Kysely, Selectable } from 'kysely'
import { sql } from 'kysely'
import { composeRecord, requireContentType } from './compose-record.ts'
import type { DraftTable, Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import { uuidv7 } from './keys/uuid.ts'
import { once } from './once.ts'
import { type Call, digestOf, findReceipt } from './publish.ts'

/**
 * Stores unsigned work as version 1 of a new finding. It has to pass every rule a record would, so that nothing is
 * refused for the first time when it is published.
 *
 * @throws {ExchangeError} the codes of `composeRecord`, `idempotency-mismatch`.
 */
export async function createDraft(deps: Deps, input: DraftInput, call: Call): Promise<DraftView> {
  const [finding, version] = [uuidv7(deps), 1]
  await requirePublishable(deps, input, { finding, version })
  return once(deps, call, digestOf('create-draft', input), (trx) =>
    insertDraft(deps, trx, { input, finding, version, author: call.actor }),
  )
}

/** @throws {ExchangeError} `not-found`. */
export async function getDraft({ db }: Pick<Deps, 'db'>, id: string): Promise<DraftView> {
  const row = await db.selectFrom('draft').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new ExchangeError('not-found', `there is no draft ${id}`)
  return viewOf(row)
}

/** Drafts that are not published, last changed first. @throws {ExchangeError} `invalid` for a cursor that no page gave. */
export async function listDrafts(
  { db }: Deps,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<DraftPage> {
  let query = db
    .selectFrom('draft')
    .selectAll()
    .where('receipt', 'is', null)
    .orderBy('updated_at', 'desc')
    .orderBy('id')
    .limit(limit + 1)
  if (cursor !== undefined) {
    const { updatedAt, id } = parseCursor(cursor)
    query = query.where(sql<boolean>`(updated_at < ${updatedAt} or (updated_at = ${updatedAt} and id > ${id}::uuid))`)
  }
  const rows = await query.execute()
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items: rows.slice(0, limit).map(viewOf), ...(last && { next: formatCursor(last) }) }
}

/**
 * Replaces the whole draft, if nobody has changed it since it was read.
 *
 * @throws {ExchangeError} `not-found`, `already-published`, `precondition-failed`, the codes of `composeRecord`.
 */
export async function replaceDraft(
  deps: Deps,
  { id, etag }: { id: string; etag: number },
  input: DraftInput,
  actor: string,
): Promise<DraftView> {
  const { finding, version } = await getDraft(deps, id)
  await requirePublishable(deps, input, { finding, version })
  return deps.db.transaction().execute(async (trx) => {
    await lockUnchanged(trx, id, etag)
    const row = await trx
      .updateTable('draft')
      .set({ ...columnsOf(input), author: actor, updated_at: deps.now(), etag: etag + 1 })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow()
    return viewOf(row)
  })
}

/** @throws {ExchangeError} `not-found`, `already-published`, `precondition-failed`. */
export async function deleteDraft(deps: Deps, { id, etag }: { id: string; etag: number }): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    await lockUnchanged(trx, id, etag)
    await trx.deleteFrom('draft').where('id', '=', id).execute()
  })
}

/**
 * Signs and appends a draft as it stands. A draft becomes one record: publishing it again, under any key, returns the receipt.
 *
 * @param draft.etag Publishes only the draft that was read.
 * @throws {ExchangeError} `not-found`, `precondition-failed`, and the codes of `publishRecord`.
 */
export async function publishDraft(deps: Deps, draft: { id: string; etag?: number }, call: Call): Promise<Receipt> {
  const digest = digestOf('publish-draft', { id: draft.id })
  const earlier = await findReceipt(deps, call, digest)
  if (earlier) return earlier
  const view = await getDraft(deps, draft.id)
  const published = await findDraftReceipt(deps.db, draft.id)
  if (published) return published
  if (draft.etag !== undefined && draft.etag !== view.etag) throw changed(draft.id)
  const record = await composeRecord(deps, { ...view, prev: await findPrevious(deps.db, view) })
  return deps.writer.append({
    ...record,
    actor: call.actor,
    idempotency: { subject: call.actor, key: call.idempotencyKey, digest },
    draft: { id: view.id, etag: view.etag },
  })
}

export interface NewDraft {
  readonly input: DraftInput
  readonly finding: string
  readonly version: number
  readonly author: string
}

/** The caller has checked the input, and that the version is the next one of its finding. */
export async function insertDraft(
  deps: Deps,
  db: Kysely<Tables>,
  { input, finding, version, author }: NewDraft,
): Promise<DraftView> {
  const at = deps.now()
  const row = await db
    .insertInto('draft')
    .values({ id: uuidv7(deps), finding, version, author, created_at: at, updated_at: at, ...columnsOf(input) })
    .returningAll()
    .executeTakeFirstOrThrow()
  return viewOf(row)
}

async function requirePublishable(
  deps: Deps,
  input: DraftInput,
  place: { finding: string; version: number },
): Promise<void> {
  requireContentType(input.type)
  // Any record id will do: what counts is that one of this length fits into the statement.
  const prev = place.version > 1 ? 'A'.repeat(43) : undefined
  await composeRecord(deps, { ...input, ...place, prev })
}

async function lockUnchanged(trx: Kysely<Tables>, id: string, etag: number): Promise<void> {
  const row = await trx
    .selectFrom('draft')
    .select(['etag', 'receipt'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new ExchangeError('not-found', `there is no draft ${id}`)
  if (row.receipt !== null) throw new ExchangeError('already-published', `draft ${id} is published`)
  if (row.etag !== etag) throw changed(id)
}

async function findDraftReceipt(db: Kysely<Tables>, id: string): Promise<Receipt | undefined> {
  const row = await db.selectFrom('draft').select('receipt').where('id', '=', id).executeTakeFirst()
  return (row?.receipt ?? undefined) as Receipt | undefined
}

async function findPrevious(db: Kysely<Tables>, { finding, version }: DraftView): Promise<string | undefined> {
  const row = await db
    .selectFrom('own_record')
    .select('record_id')
    .where('finding', '=', finding)
    .where('version', '=', version - 1)
    .executeTakeFirst()
  return row?.record_id.toString('base64url')
}

type Content = Pick<DraftView, 'content' | 'lang' | 'mark' | 'rel'>

function columnsOf({ type, content, lang, mark, rel = [], origins = {} }: DraftInput) {
  const kept: Content = { content, lang, mark, rel }
  return { type, content: JSON.stringify(kept), origins: JSON.stringify(origins) }
}

function viewOf(row: Selectable<DraftTable>): DraftView {
  const receipt = row.receipt as Receipt | null
  return {
    id: row.id,
    type: row.type,
    ...(row.content as Content),
    finding: row.finding,
    version: row.version,
    origins: row.origins as DraftView['origins'],
    author: row.author,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    etag: row.etag,
    ...(receipt && { publishedAs: receipt.recordId }),
  }
}

function formatCursor({ updated_at, id }: Selectable<DraftTable>): string {
  return Buffer.from(`${updated_at.toISOString()} ${id}`).toString('base64url')
}

function parseCursor(cursor: string): { updatedAt: Date; id: string } {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const [, instant, id] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? []
  const updatedAt = new Date(instant ?? Number.NaN)
  if (id === undefined || Number.isNaN(updatedAt.getTime()))
    throw new ExchangeError('invalid', 'no page gave this cursor')
  return { updatedAt, id }
}

function changed(id: string): ExchangeError {
  return new ExchangeError('precondition-failed', `draft ${id} has changed since it was read`)
}
