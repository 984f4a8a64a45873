import type { DraftInput } from '@concordance/protocol'
import t from 'tap'
import { listAudit } from '../../src/audit.ts'
import { createDraft, getDraft } from '../../src/drafts.ts'
import {
  addClearance,
  decideClearance,
  listClearances,
  overrideClearance,
  requireHonestConduct,
} from '../../src/workflow/clearances.ts'
import { publishDraft } from '../../src/workflow/publish-draft.ts'
import { input } from '../support/content.ts'
import { call, openInstitute, start } from '../support/institute.ts'
import { approve } from '../support/review.ts'

const work = (changes: Partial<DraftInput> = {}): DraftInput => ({ ...input(), ...changes })
const dueOn = new Date(start * 1_000).toISOString().slice(0, 10)
const asked = { developer: 'A laboratory', agreement: 'MoU 2026-7, canary-agreement', dueOn }
const ada = { actor: 'ada' }

t.test('a developer who is shown a draft', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const begin = async () => {
    const draft = await createDraft(deps, work(), call())
    const clearance = await addClearance(deps, draft.id, asked, call())
    await approve(deps, draft)
    return { draft, place: { draft: draft.id, clearance: clearance.id } }
  }

  await t.test('keeps it from being published until the answer is entered', async (t) => {
    for (const outcome of ['cleared', 'commented', 'objected'] as const) {
      const { draft, place } = await begin()
      await t.rejects(publishDraft(deps, draft, call()), { code: 'clearance-open' })
      t.match(await decideClearance(deps, place, { outcome, note: 'By letter.' }, ada), {
        outcome,
        decided: { by: 'ada' },
      })
      await t.resolves(publishDraft(deps, draft, call()), outcome)
    }
  })

  await t.test('is looked for under the lock of the log as well', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await approve(deps, draft)
    const { writer } = deps
    const append: typeof writer.append = async (entry) => {
      await addClearance(deps, draft.id, asked, call())
      return writer.append(entry)
    }
    const late = { ...deps, writer: { ...writer, append } }
    await t.rejects(publishDraft(late, draft, call()), { code: 'clearance-open' })
  })

  await t.test('has not answered by saying nothing before the time is over', async (t) => {
    const { draft, place } = await begin()
    await t.rejects(decideClearance(deps, place, { outcome: 'no-answer' }, ada), { code: 'conflict' })
    clock.seconds += 24 * 60 * 60
    await t.rejects(publishDraft(deps, draft, call()), { code: 'clearance-open' }, 'time alone changes nothing')
    await decideClearance(deps, place, { outcome: 'no-answer' }, ada)
    await t.resolves(publishDraft(deps, draft, call()))
  })

  await t.test('answers once', async (t) => {
    const { place } = await begin()
    const first = await decideClearance(deps, place, { outcome: 'cleared' }, ada)
    t.same(await decideClearance(deps, place, { outcome: 'cleared' }, ada), first)
    await t.rejects(decideClearance(deps, place, { outcome: 'objected' }, ada), { code: 'conflict' })
  })

  await t.test('can be left unheard, with a reason in the audit trail', async (t) => {
    const { draft, place } = await begin()
    const reason = 'People are being harmed now.'
    t.match(await overrideClearance(deps, place, reason, { actor: 'paul' }), { overridden: { by: 'paul', reason } })
    await t.resolves(publishDraft(deps, draft, call('paul')))
    const { items } = await listAudit(deps, { act: 'clearance.override' }, { limit: 10 })
    t.match(items, [{ actor: 'paul', target: draft.id, detail: { reason } }])
  })

  await t.test('is named on this node alone, together with what was agreed', async (t) => {
    const { draft, place } = await begin()
    await decideClearance(deps, place, { outcome: 'cleared' }, ada)
    await publishDraft(deps, draft, call())
    t.match(await listClearances(deps, draft.id), [asked])
    const { rows } = await deps.pool.query(
      `select from entry where position(convert_to('canary-agreement', 'UTF8') in statement || coalesce(body, '')) > 0`,
    )
    t.equal(rows.length, 0)
  })
})

t.test('an evaluation that a developer saw says so', async (t) => {
  const { deps } = await openInstitute(t)
  const draft = await createDraft(deps, work(), call())
  const { id } = await addClearance(deps, draft.id, asked, call())
  await decideClearance(deps, { draft: draft.id, clearance: id }, { outcome: 'commented' }, ada)
  const clearances = await listClearances(deps, draft.id)
  const evaluation = (developerSawBefore: boolean) => ({
    ...draft,
    type: 'evaluation',
    content: { conduct: { developerSawBefore } },
  })
  t.throws(() => requireHonestConduct(evaluation(false), clearances), { code: 'invalid' })
  t.doesNotThrow(() => requireHonestConduct(evaluation(true), clearances))
  t.doesNotThrow(() => requireHonestConduct(evaluation(false), []))
  t.match(await getDraft(deps, draft.id, ada), { state: 'draft' })
})
