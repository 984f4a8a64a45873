import type { DraftView, Receipt } from '@concordance/protocol'
import type { Deps } from '../../src/deps.ts'
import { publishDraft } from '../../src/workflow/publish-draft.ts'
import { approveDraft, submitDraft } from '../../src/workflow/review-draft.ts'
import { call } from './institute.ts'

export const harmless = { answer: 'none', text: 'Nothing in it helps anybody to do harm.' } as const

/** A reviewer who wrote no part of any draft here. */
export const reviewer = { actor: 'rosa', mayReview: true } as const

/** Submits a draft for its author, and approves it. */
export async function approve(deps: Deps, draft: DraftView, by = reviewer.actor): Promise<DraftView> {
  await submitDraft(deps, draft, undefined, call(draft.author))
  return approveDraft(deps, draft, { hazard: harmless }, { ...call(by), mayReview: true })
}

/** … and publishes it. */
export async function publishReviewed(deps: Deps, draft: DraftView): Promise<Receipt> {
  await approve(deps, draft)
  return publishDraft(deps, draft, call(draft.author))
}
