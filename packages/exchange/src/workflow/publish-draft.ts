import type { DraftView, Receipt } from '@concordance/protocol'
import { composeRecord } from '../compose-record.ts'
import type { Deps } from '../deps.ts'
import { changed, findDraftReceipt, getDraft } from '../drafts.ts'
import { clearanceOpen, reviewRequired } from '../error.ts'
import { type Call, digestOf, findReceipt } from '../publish.ts'
import { listClearances, requireHonestConduct } from './clearances.ts'
import { prepareDraft } from './prepare-draft.ts'
import { isApproved, listActs } from './review-draft.ts'

/**
 * Signs and appends a draft as it stands, once it is approved where it has to be, and no clearance is open. A draft becomes
 * one record: publishing it again, under any key, returns the receipt.
 *
 * @param draft.etag Publishes only the draft that was read.
 * @throws {ExchangeError} `not-found`, `precondition-failed`, `review-required`, `clearance-open`, `conflict` where the
 * target of a marking was marked anew meanwhile, and the codes of `appendRecord`.
 */
export async function publishDraft(deps: Deps, draft: { id: string; etag?: number }, call: Call): Promise<Receipt> {
  const digest = digestOf('publish-draft', { id: draft.id })
  const earlier = await findReceipt(deps, call, digest)
  if (earlier) return earlier
  const view = await getDraft(deps, draft.id, call)
  const published = await findDraftReceipt(deps.db, draft.id)
  if (published) return published
  if (draft.etag !== undefined && draft.etag !== view.etag) throw changed(draft.id)
  const { composition, needsSecondPerson, markedAs, readers } = await prepareDraft(deps, view)
  const reviewers = await requireReady(deps, view, needsSecondPerson)
  return deps.writer.append({
    ...(await composeRecord(deps, composition)),
    actor: call.actor,
    readers: [...new Set([...view.editors, ...reviewers, ...readers])],
    idempotency: { subject: call.actor, key: call.idempotencyKey, digest },
    draft: { id: view.id, etag: view.etag, needsApproval: needsSecondPerson },
    markedAs,
  })
}

/**
 * Says early what the writer would refuse; the writer looks again under its lock.
 *
 * @returns who reviewed the draft.
 */
async function requireReady(deps: Deps, view: DraftView, needsApproval: boolean): Promise<string[]> {
  const acts = await listActs(deps, view.id)
  if (needsApproval && !isApproved(view, acts)) throw reviewRequired()
  const clearances = await listClearances(deps, view.id)
  if (clearances.some(({ outcome, overridden }) => outcome === 'open' && !overridden)) throw clearanceOpen()
  requireHonestConduct(view, clearances)
  return acts.filter(({ act }) => act === 'approve' || act === 'send-back').map(({ actor }) => actor)
}
