import type { api, BodyOf, ClearanceInput, ClearanceView, DraftView } from '@concordance/protocol'
import type { Kysely, Selectable } from 'kysely'
import { audit } from '../audit.ts'
import type { DraftClearanceTable, Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { lockUnpublished } from '../drafts.ts'
import { ExchangeError } from '../error.ts'
import { once } from '../once.ts'
import { type Call, type Colleague, digestOf } from '../publish.ts'

/**
 * Notes that a developer is shown a draft: publishing waits for the outcome. Developer and agreement never leave the node.
 *
 * @throws {ExchangeError} `not-found`, `already-published`, `idempotency-mismatch`.
 */
export function addClearance(deps: Deps, draft: string, input: ClearanceInput, call: Call): Promise<ClearanceView> {
  const { developer, agreement, dueOn } = input
  return once(deps, call, digestOf('add-clearance', { draft, input }), async (trx) => {
    await lockUnpublished(trx, draft, call)
    const row = await trx
      .insertInto('draft_clearance')
      .values({ draft, developer, agreement, due_on: dueOn })
      .returningAll()
      .executeTakeFirstOrThrow()
    await note(deps, trx, row, call.actor, 'clearance.ask', { dueOn })
    return viewOf(row)
  })
}

/** Oldest first. */
export async function listClearances({ db }: Pick<Deps, 'db'>, draft: string): Promise<ClearanceView[]> {
  const rows = await db.selectFrom('draft_clearance').selectAll().where('draft', '=', draft).orderBy('id').execute()
  return rows.map(viewOf)
}

/** What came of a clearance. */
export type ClearanceOutcome = BodyOf<typeof api.decideClearance>

/**
 * Enters what a developer said. Silence counts as an outcome only once the time to answer is over.
 *
 * @throws {ExchangeError} `not-found`, `already-published`, `conflict` before the due date or where another outcome stands.
 */
export function decideClearance(
  deps: Deps,
  { draft, clearance }: { draft: string; clearance: number },
  { outcome, note: said }: ClearanceOutcome,
  colleague: Colleague,
): Promise<ClearanceView> {
  return changeClearance(deps, { draft, clearance }, colleague, async (trx, row) => {
    if (row.outcome === outcome) return row
    if (row.outcome !== 'open') throw new ExchangeError('conflict', `the clearance is ${row.outcome} already`)
    const today = deps.now().toISOString().slice(0, 10)
    if (outcome === 'no-answer' && today <= row.due_on) {
      throw new ExchangeError('conflict', `the developer may answer until ${row.due_on}`)
    }
    await note(deps, trx, row, colleague.actor, 'clearance.decide', { outcome })
    return { outcome, note: said ?? null, decided_by: colleague.actor, decided_at: deps.now() }
  })
}

/**
 * Lets a draft be published although a clearance is open. The reason stands in the audit trail.
 *
 * @throws {ExchangeError} `not-found`, `already-published`, `conflict` where it is not open.
 */
export function overrideClearance(
  deps: Deps,
  { draft, clearance }: { draft: string; clearance: number },
  reason: string,
  colleague: Colleague,
): Promise<ClearanceView> {
  return changeClearance(deps, { draft, clearance }, colleague, async (trx, row) => {
    if (row.overridden_by !== null) return row
    if (row.outcome !== 'open') throw new ExchangeError('conflict', `the clearance is ${row.outcome}, not open`)
    await note(deps, trx, row, colleague.actor, 'clearance.override', { reason })
    return { overridden_by: colleague.actor, override_reason: reason }
  })
}

/** Of a developer who answered, the record says that it saw the work before. @throws {ExchangeError} `invalid`. */
export function requireHonestConduct({ type, content }: DraftView, clearances: readonly ClearanceView[]): void {
  const isSeen = clearances.some(({ outcome }) => ['cleared', 'commented', 'objected'].includes(outcome))
  const { conduct } = content as { conduct?: { developerSawBefore?: boolean } }
  if (type !== 'evaluation' || !isSeen || conduct?.developerSawBefore === true) return
  const pointer = '/content/conduct/developerSawBefore'
  const detail = 'a developer has seen the draft'
  throw new ExchangeError('invalid', detail, { errors: [{ pointer, detail }] })
}

type Row = Selectable<DraftClearanceTable>

function changeClearance(
  { db }: Deps,
  { draft, clearance }: { draft: string; clearance: number },
  colleague: Colleague,
  change: (trx: Kysely<Tables>, row: Row) => Promise<Partial<Row>>,
): Promise<ClearanceView> {
  return db.transaction().execute(async (trx) => {
    await lockUnpublished(trx, draft, colleague)
    const ofDraft = trx.selectFrom('draft_clearance').selectAll().where('draft', '=', draft)
    const row = await ofDraft.where('id', '=', clearance).executeTakeFirst()
    if (!row) throw new ExchangeError('not-found', 'there is no such clearance')
    const { id: _, ...changes } = await change(trx, row)
    const update = trx.updateTable('draft_clearance').set(changes).where('id', '=', clearance)
    return viewOf(await update.returningAll().executeTakeFirstOrThrow())
  })
}

function note(deps: Deps, trx: Kysely<Tables>, { id, draft }: Row, actor: string, act: string, detail: object) {
  return audit(trx, { at: deps.now(), actor, act, target: draft, detail: { clearance: id, ...detail } })
}

function viewOf(row: Row): ClearanceView {
  const { id, developer, agreement, due_on, outcome, note, decided_by, decided_at } = row
  const { overridden_by, override_reason } = row
  return {
    id,
    developer,
    agreement,
    dueOn: due_on,
    outcome,
    ...(note !== null && { note }),
    ...(decided_by !== null && decided_at !== null && { decided: { by: decided_by, at: decided_at.toISOString() } }),
    ...(overridden_by !== null && { overridden: { by: overridden_by, reason: override_reason ?? '' } }),
  }
}
