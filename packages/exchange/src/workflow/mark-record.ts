import type { DraftInput, DraftOrReceipt, DraftView, JsonObject, MarkingChange } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { draftVersion } from '../drafts.ts'
import { uuidv7 } from '../keys/uuid.ts'
import { type Call, digestOf } from '../publish.ts'
import { getMarkedRecord } from './effective-marking.ts'
import { prepareDraft } from './prepare-draft.ts'
import { publishDraft } from './publish-draft.ts'

/** Somebody who may publish too: then what only narrows needs no further step. */
export type PublishingCall = Call & { readonly mayPublish: boolean }

/**
 * Begins another marking of one of our own records. One that only narrows is published at once where the caller may publish.
 *
 * @throws {ExchangeError} `not-found`, `invalid` for what is no content, `marking-invalid`, and the codes of `publishDraft`.
 */
export async function markRecord(
  deps: Deps,
  recordId: string,
  { mark, reason }: MarkingChange,
  call: PublishingCall,
): Promise<DraftOrReceipt> {
  const { statement, mark: before } = await getMarkedRecord(deps.db, recordId)
  const input: DraftInput = {
    type: 'marking',
    lang: statement.lang,
    mark: before,
    content: { mark, ...(reason && { reason }) } as JsonObject,
    rel: [{ kind: 'remarks', target: { iss: deps.identity.iss, record: recordId } }],
  }
  const digest = digestOf('mark', { recordId, mark, ...(reason && { reason }) })
  const draft = await draftVersion(deps, { input, finding: uuidv7(deps), version: 1 }, digest, call)
  return publishIfNarrow(deps, draft, call)
}

/** A repeated request finds the draft that it made and the receipt that it led to. */
export async function publishIfNarrow(deps: Deps, draft: DraftView, call: PublishingCall): Promise<DraftOrReceipt> {
  if (!call.mayPublish) return { draft }
  const key = `publish ${call.idempotencyKey}`
  const isPublished = await isDraftPublished(deps, draft.id)
  if (!isPublished && (await prepareDraft(deps, draft)).needsSecondPerson) return { draft }
  return { receipt: await publishDraft(deps, { id: draft.id }, { ...call, idempotencyKey: key }) }
}

async function isDraftPublished({ db }: Deps, id: string): Promise<boolean> {
  const row = await db.selectFrom('draft').select('receipt').where('id', '=', id).executeTakeFirst()
  return row !== undefined && row.receipt !== null
}
