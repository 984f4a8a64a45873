import type { CommentInput, CommentView } from '@concordance/protocol'
import type { Selectable } from 'kysely'
import type { DraftCommentTable } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { type DraftAsRead, getDraft, lockDraft } from '../drafts.ts'
import { ExchangeError } from '../error.ts'
import { once } from '../once.ts'
import { type Call, type Colleague, digestOf } from '../publish.ts'

/**
 * Says something about one field of the state of a draft that was read.
 *
 * @throws {ExchangeError} `not-found`, `already-published`, `precondition-failed`, `idempotency-mismatch`.
 */
export function addComment(deps: Deps, draft: DraftAsRead, input: CommentInput, call: Call): Promise<CommentView> {
  const { id, etag } = draft
  return once(deps, call, digestOf('add-comment', { id, etag, input }), async (trx) => {
    await lockDraft(trx, draft, call)
    const row = await trx
      .insertInto('draft_comment')
      .values({ draft: id, etag, ...input, author: call.actor, at: deps.now() })
      .returningAll()
      .executeTakeFirstOrThrow()
    return viewOf(row)
  })
}

/** Of every state of the draft, oldest first. @throws {ExchangeError} `not-found`. */
export async function listComments(deps: Deps, draft: string, colleague: Colleague): Promise<CommentView[]> {
  await getDraft(deps, draft, colleague)
  const rows = await deps.db.selectFrom('draft_comment').selectAll().where('draft', '=', draft).orderBy('id').execute()
  return rows.map(viewOf)
}

/** Marks a comment as dealt with, or opens it again. Repeating it changes nothing. @throws {ExchangeError} `not-found`. */
export async function resolveComment(
  deps: Deps,
  { draft, comment }: { draft: string; comment: number },
  resolved: boolean,
  colleague: Colleague,
): Promise<CommentView> {
  await getDraft(deps, draft, colleague)
  return deps.db.transaction().execute(async (trx) => {
    const ofDraft = trx.selectFrom('draft_comment').selectAll().where('draft', '=', draft)
    const row = await ofDraft.where('id', '=', comment).forUpdate().executeTakeFirst()
    if (!row) throw new ExchangeError('not-found', 'there is no such comment')
    if (resolved === (row.resolved_at !== null)) return viewOf(row)
    const set = resolved
      ? { resolved_by: colleague.actor, resolved_at: deps.now() }
      : { resolved_by: null, resolved_at: null }
    const update = trx.updateTable('draft_comment').set(set).where('id', '=', comment)
    return viewOf(await update.returningAll().executeTakeFirstOrThrow())
  })
}

function viewOf(row: Selectable<DraftCommentTable>): CommentView {
  const { id, etag, pointer, text, author, at, resolved_by, resolved_at } = row
  return {
    id,
    etag,
    pointer,
    text,
    author,
    at: at.toISOString(),
    ...(resolved_by !== null &&
      resolved_at !== null && { resolved: { by: resolved_by, at: resolved_at.toISOString() } }),
  }
}
