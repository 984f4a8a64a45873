import type { DraftView, Hazard, ReviewView } from '@concordance/protocol'
import type { Selectable, Transaction } from 'kysely'
import { audit } from '../audit.ts'
import type { DraftReviewTable, DraftState, DraftTable, Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { type DraftAsRead, getDraft, lockDraft, viewOf } from '../drafts.ts'
import { ExchangeError } from '../error.ts'
import { once } from '../once.ts'
import { type Call, type Colleague, digestOf } from '../publish.ts'
import { prepareDraft } from './prepare-draft.ts'

type DraftRow = Selectable<DraftTable>

/**
 * Puts a draft before whoever may review it.
 *
 * @throws {ExchangeError} `not-found`, `precondition-failed`, `already-published`, `conflict` where it is there already,
 * `idempotency-mismatch`; as the other acts here.
 */
export function submitDraft(deps: Deps, draft: DraftAsRead, note: string | undefined, call: Call): Promise<DraftView> {
  const said = note === undefined ? {} : { note }
  return moveDraft(deps, draft, call, { act: 'submit', to: 'in-review', from: ['draft', 'sent-back'], said })
}

/** Takes a draft out of review. */
export function recallDraft(deps: Deps, draft: DraftAsRead, call: Call): Promise<DraftView> {
  return moveDraft(deps, draft, call, { act: 'recall', to: 'draft', from: ['in-review', 'sent-back', 'approved'] })
}

/** Gives a draft back to those who wrote it. @param reason What has to change. */
export function sendBackDraft(deps: Deps, draft: DraftAsRead, reason: string, call: Call): Promise<DraftView> {
  const said = { note: reason }
  return moveDraft(deps, draft, call, { act: 'send-back', to: 'sent-back', from: ['in-review', 'approved'], said })
}

export interface Approval {
  /** Whether somebody could do harm with what the record says. */
  readonly hazard: Hazard
  readonly note?: string
}

/**
 * Approves exactly the state of a draft that was read. Whoever wrote a part of it cannot, and what is dangerous is not
 * approved for everybody.
 *
 * @throws {ExchangeError} also `own-work`, `invalid`.
 */
export function approveDraft(deps: Deps, draft: DraftAsRead, approval: Approval, call: Call): Promise<DraftView> {
  const { hazard, note } = approval
  const said = { hazard: hazard.answer, hazard_note: hazard.text, ...(note !== undefined && { note }) }
  const check = (row: DraftRow) => {
    requireOthersWork(row, call)
    if (hazard.answer === 'hazard') requireNotForEverybody(row)
  }
  return moveDraft(deps, draft, call, { act: 'approve', to: 'approved', from: ['in-review', 'approved'], said, check })
}

/** What was done to a draft in review, and whether it can be published. @throws {ExchangeError} `not-found`. */
export async function getReview(deps: Deps, id: string, colleague: Colleague): Promise<ReviewView> {
  const draft = await getDraft(deps, id, colleague)
  const rows = await listActs(deps, id)
  const { needsSecondPerson } = await prepareDraft(deps, draft)
  return { state: draft.state, needsSecondPerson, isApproved: isApproved(draft, rows), acts: rows.map(actOf) }
}

/** The writer asks the same of the database, in the transaction that publishes. */
export function isApproved(
  { state, etag, author, editors }: DraftView,
  acts: readonly Pick<Selectable<DraftReviewTable>, 'act' | 'etag' | 'actor'>[],
): boolean {
  const counts = acts.some(
    (each) => each.act === 'approve' && each.etag === etag && each.actor !== author && !editors.includes(each.actor),
  )
  return state === 'approved' && counts
}

/** Oldest first. */
export function listActs({ db }: Pick<Deps, 'db'>, id: string) {
  return db.selectFrom('draft_review').selectAll().where('draft', '=', id).orderBy('id').execute()
}

interface Move {
  readonly act: DraftReviewTable['act']
  readonly from: readonly DraftState[]
  readonly to: DraftState
  readonly said?: Partial<Pick<Selectable<DraftReviewTable>, 'note' | 'hazard' | 'hazard_note'>>
  readonly check?: (row: DraftRow) => void
}

function moveDraft(deps: Deps, draft: DraftAsRead, call: Call, move: Move): Promise<DraftView> {
  const { act, said = {} } = move
  const { id, etag } = draft
  return once(deps, call, digestOf(`${act}-draft`, { id, etag, said }), async (trx) => {
    const row = await lockDraft(trx, draft, call)
    if (!move.from.includes(row.state)) throw new ExchangeError('conflict', `draft ${id} is in the state ${row.state}`)
    move.check?.(row)
    return viewOf(await record(deps, trx, row, call.actor, move))
  })
}

async function record(
  deps: Deps,
  trx: Transaction<Tables>,
  row: DraftRow,
  actor: string,
  move: Move,
): Promise<DraftRow> {
  const { act, to, said = {} } = move
  const { id, etag, finding, version } = row
  const at = deps.now()
  const work = JSON.stringify(row.content)
  await trx
    .insertInto('draft_review')
    .values({ draft: id, etag, act, actor, at, ...said, work })
    .execute()
  const detail = { etag, finding, version, ...(said.hazard && { hazard: said.hazard }) }
  await audit(trx, { at, actor, act: `draft.${act}`, target: id, detail })
  return trx.updateTable('draft').set({ state: to }).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

function requireOthersWork({ id, author, editors }: DraftRow, { actor }: Call): void {
  if (actor !== author && !editors.includes(actor)) return
  throw new ExchangeError('own-work', `whoever wrote a part of draft ${id} does not approve it`)
}

/** @throws {ExchangeError} `invalid` where everybody, or every active peer, would get it. */
function requireNotForEverybody(row: DraftRow): void {
  const { mark, type, content } = viewOf(row)
  const { tlp } = type === 'marking' ? (content.mark as DraftView['mark']) : mark
  if (tlp !== 'CLEAR' && tlp !== 'GREEN') return
  const detail = `what is dangerous cannot be ${tlp}`
  throw new ExchangeError('invalid', detail, { errors: [{ pointer: '/hazard/answer', detail }] })
}

function actOf({ act, etag, actor, at, note, hazard, hazard_note }: Selectable<DraftReviewTable>) {
  return {
    act,
    etag,
    actor,
    at: at.toISOString(),
    ...(note !== null && { note }),
    ...(hazard !== null && hazard_note !== null && { hazard: { answer: hazard, text: hazard_note } }),
  }
}
