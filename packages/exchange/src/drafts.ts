import type { DraftInput, DraftPage, DraftView, Receipt } from '@concordance/protocol'
import type { Expression, Kysely, Selectable, SqlBool } from 'kysely'
import { sql } from 'kysely'
import { audit } from './audit.ts'
import { composeRecord, requireWritableType } from './compose-record.ts'
import type { DraftTable, Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import { uuidv7 } from './keys/uuid.ts'
import { once } from './once.ts'
import { type Call, type Colleague, digestOf } from './publish.ts'
import { prepareDraft } from './workflow/prepare-draft.ts'

/**
 * Stores unsigned work as version 1 of a new finding. It has to pass every rule a record would, so that nothing is
 * refused for the first time when it is published.
 *
 * @throws {ExchangeError} the codes of `composeRecord`, `idempotency-mismatch`.
 */
export async function createDraft(deps: Deps, input: DraftInput, call: Call): Promise<DraftView> {
  return draftVersion(deps, { input, finding: uuidv7(deps), version: 1 }, digestOf('create-draft', input), call)
}

/**
 * Stores unsigned work as one version of a finding.
 *
 * @param digest Of the request that leads to it.
 * @throws {ExchangeError} as `createDraft`.
 */
export async function draftVersion(
  deps: Deps,
  { input, finding, version }: Omit<NewDraft, 'author'>,
  digest: Buffer,
  call: Call,
): Promise<DraftView> {
  const checked = await requirePublishable(deps, input, { finding, version }, call)
  return once(deps, call, digest, (trx) =>
    insertDraft(deps, trx, { input: checked, finding, version, author: call.actor }),
  )
}

/** @throws {ExchangeError} `not-found`, also for a RED draft of others. */
export async function getDraft({ db }: Pick<Deps, 'db'>, id: string, colleague: Colleague): Promise<DraftView> {
  const row = await db
    .selectFrom('draft')
    .selectAll()
    .where('id', '=', id)
    .where(isOpenToColleague(colleague))
    .executeTakeFirst()
  if (!row) throw noDraft(id)
  return viewOf(row)
}

/** Drafts that are not published, last changed first. @throws {ExchangeError} `invalid` for a cursor that no page gave. */
export async function listDrafts(
  { db }: Deps,
  colleague: Colleague,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<DraftPage> {
  let query = db
    .selectFrom('draft')
    .selectAll()
    .where('receipt', 'is', null)
    .where(isOpenToColleague(colleague))
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

/** A draft, and the state of it that somebody has before them. */
export interface DraftAsRead {
  readonly id: string
  readonly etag: number
}

/**
 * Replaces the whole draft, if nobody has changed it since it was read. It is out of review then, and what was approved
 * counts no longer.
 *
 * @throws {ExchangeError} `not-found`, `already-published`, `precondition-failed`, the codes of `composeRecord`.
 */
export async function replaceDraft(
  deps: Deps,
  { id, etag }: DraftAsRead,
  input: DraftInput,
  colleague: Colleague,
): Promise<DraftView> {
  const { finding, version } = await getDraft(deps, id, colleague)
  const checked = await requirePublishable(deps, input, { finding, version }, colleague)
  return deps.db.transaction().execute(async (trx) => {
    const { editors } = await lockDraft(trx, { id, etag }, colleague)
    const row = await trx
      .updateTable('draft')
      .set({ ...columnsOf(checked), updated_at: deps.now(), etag: etag + 1, state: 'draft' })
      .set({ editors: [...new Set([...editors, colleague.actor])] })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow()
    return viewOf(row)
  })
}

/** @throws {ExchangeError} `not-found`, `already-published`, `precondition-failed`. */
export async function deleteDraft(deps: Deps, draft: DraftAsRead, colleague: Colleague): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    const { id, etag, finding, version } = await lockDraft(trx, draft, colleague)
    await trx.deleteFrom('draft').where('id', '=', id).execute()
    const { actor } = colleague
    await audit(trx, { at: deps.now(), actor, act: 'draft.delete', target: id, detail: { etag, finding, version } })
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
    .values({
      id: uuidv7(deps),
      finding,
      version,
      author,
      editors: [author],
      created_at: at,
      updated_at: at,
      ...columnsOf(input),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return viewOf(row)
}

/** @returns the input as it will be kept: of a marking and a group, the marking follows from the rest. */
async function requirePublishable(
  deps: Deps,
  input: DraftInput,
  place: { finding: string; version: number },
  { actor }: Colleague,
): Promise<DraftInput> {
  requireWritableType(input.type)
  const { composition } = await prepareDraft(deps, { ...input, rel: input.rel ?? [], ...place }, actor)
  // Any record id will do: what counts is that one of this length fits into the statement.
  const prev = composition.version > 1 ? 'A'.repeat(43) : undefined
  await composeRecord(deps, { ...composition, prev })
  return { ...input, mark: composition.mark }
}

/**
 * The draft's row, locked, for somebody who has its newest state before them.
 *
 * @throws {ExchangeError} `not-found`, `already-published`, `precondition-failed`.
 */
export async function lockDraft(
  trx: Kysely<Tables>,
  { id, etag }: DraftAsRead,
  colleague: Colleague,
): Promise<Selectable<DraftTable>> {
  const row = await lockUnpublished(trx, id, colleague)
  if (row.etag !== etag) throw changed(id)
  return row
}

/** @throws {ExchangeError} `not-found`, `already-published`. */
export async function lockUnpublished(
  trx: Kysely<Tables>,
  id: string,
  colleague: Colleague,
): Promise<Selectable<DraftTable>> {
  const row = await trx
    .selectFrom('draft')
    .selectAll()
    .where('id', '=', id)
    .where(isOpenToColleague(colleague))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw noDraft(id)
  if (row.receipt !== null) throw new ExchangeError('already-published', `draft ${id} is published`)
  return row
}

/** RED drafts are for those who wrote them and for reviewers. */
function isOpenToColleague({ actor, mayReview = false }: Colleague): Expression<SqlBool> {
  if (mayReview) return sql<SqlBool>`true`
  return sql<SqlBool>`(content -> 'mark' ->> 'tlp' <> 'RED' or author = ${actor} or ${actor} = any (editors))`
}

/** Of a draft that is published. */
export async function findDraftReceipt(db: Kysely<Tables>, id: string): Promise<Receipt | undefined> {
  const row = await db.selectFrom('draft').select('receipt').where('id', '=', id).executeTakeFirst()
  return (row?.receipt ?? undefined) as Receipt | undefined
}

type Content = Pick<DraftView, 'content' | 'lang' | 'mark' | 'rel'>

function columnsOf({ type, content, lang, mark, rel = [], origins = {} }: DraftInput) {
  const kept: Content = { content, lang, mark, rel }
  return { type, content: JSON.stringify(kept), origins: JSON.stringify(origins) }
}

export function viewOf(row: Selectable<DraftTable>): DraftView {
  const receipt = row.receipt as Receipt | null
  return {
    id: row.id,
    type: row.type,
    ...(row.content as Content),
    finding: row.finding,
    version: row.version,
    origins: row.origins as DraftView['origins'],
    state: row.state,
    author: row.author,
    editors: row.editors,
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

function noDraft(id: string): ExchangeError {
  return new ExchangeError('not-found', `there is no draft ${id}`)
}

export function changed(id: string): ExchangeError {
  return new ExchangeError('precondition-failed', `draft ${id} has changed since it was read`)
}
