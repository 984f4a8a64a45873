import type { DraftInput, DraftView } from '@concordance/protocol'
import t from 'tap'
import { listAudit } from '../../src/audit.ts'
import { createDraft, getDraft, listDrafts, replaceDraft } from '../../src/drafts.ts'
import { publishRecord } from '../../src/publish.ts'
import { publishDraft } from '../../src/workflow/publish-draft.ts'
import { approveDraft, getReview, recallDraft, sendBackDraft, submitDraft } from '../../src/workflow/review-draft.ts'
import { input, marks } from '../support/content.ts'
import { call, openInstitute } from '../support/institute.ts'
import { approve, harmless, reviewer } from '../support/review.ts'

const work = (changes: Partial<DraftInput> = {}): DraftInput => ({ ...input(), ...changes })
const ada = { actor: 'ada' }
const byRosa = () => ({ ...call(reviewer.actor), mayReview: true })

t.test('what anybody outside the institute may see', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const size = async () => (await deps.db.selectFrom('log').select('size').executeTakeFirstOrThrow()).size

  for (const [name, mark] of Object.entries(marks)) {
    if (mark.tlp === 'RED') continue
    await t.test(`is published once a second person has approved it, and not before: ${name}`, async (t) => {
      const draft = await createDraft(deps, work({ mark }), call())
      const before = await size()
      await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' })
      await t.rejects(publishRecord(deps, input({ mark }), call()), { code: 'review-required' })
      await submitDraft(deps, draft, 'please', call())
      await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' }, 'being asked is no answer')
      t.equal(await size(), before)
      await approveDraft(deps, draft, { hazard: harmless }, byRosa())
      t.match(await publishDraft(deps, draft, call()), { position: before })
    })
  }

  await t.test('stays a draft however long nobody answers', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await submitDraft(deps, draft, undefined, call())
    clock.seconds += 10 * 365 * 24 * 60 * 60
    await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' })
  })

  await t.test('while RED is published by its author alone, as a draft and at once', async (t) => {
    const draft = await createDraft(deps, work({ mark: marks.red }), call())
    await t.resolves(publishDraft(deps, draft, call()))
    await t.resolves(publishRecord(deps, input({ mark: marks.red }), call()))
  })
})

t.test('an approval', async (t) => {
  const { deps } = await openInstitute(t)

  await t.test('is not given by its author, nor by anybody who wrote a part of it', async (t) => {
    const draft = await createDraft(deps, work(), call())
    const second = await replaceDraft(deps, draft, work({ lang: 'sw' }), { actor: 'grace' })
    const third = await replaceDraft(deps, second, work({ lang: 'fr' }), ada)
    await submitDraft(deps, third, undefined, call())
    for (const actor of ['ada', 'grace']) {
      const own = { ...call(actor), mayReview: true }
      await t.rejects(approveDraft(deps, third, { hazard: harmless }, own), { code: 'own-work' }, actor)
    }
    t.equal((await approveDraft(deps, third, { hazard: harmless }, byRosa())).state, 'approved')
  })

  await t.test('is of one state alone: any change takes it back', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await approve(deps, draft)
    const changed = await replaceDraft(deps, draft, work({ lang: 'fr' }), ada)
    t.match(changed, { state: 'draft', etag: 2 })
    await t.rejects(publishDraft(deps, changed, call()), { code: 'review-required' })
    await submitDraft(deps, changed, undefined, call())
    await t.rejects(publishDraft(deps, changed, call()), { code: 'review-required' })
    await t.rejects(approveDraft(deps, draft, { hazard: harmless }, byRosa()), { code: 'precondition-failed' })
    await approveDraft(deps, changed, { hazard: harmless }, byRosa())
    await t.resolves(publishDraft(deps, changed, call()))
  })

  await t.test('is looked for under the lock of the log as well', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await approve(deps, draft)
    const { writer } = deps
    const late: typeof deps = {
      ...deps,
      writer: {
        ...writer,
        append: async (entry) => {
          await recallDraft(deps, draft, call())
          return writer.append(entry)
        },
      },
    }
    await t.rejects(publishDraft(late, draft, call()), { code: 'review-required' })
    t.equal((await getDraft(deps, draft.id, ada)).publishedAs, undefined)
  })

  await t.test('of a reviewer who is found among the editors counts for nothing', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await approve(deps, draft)
    await deps.db
      .updateTable('draft')
      .set({ editors: ['ada', reviewer.actor] })
      .where('id', '=', draft.id)
      .execute()
    t.match(await getReview(deps, draft.id, ada), { isApproved: false, needsSecondPerson: true })
    await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' })
  })

  await t.test('is given only to what was submitted, and answers the question of harm', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await t.rejects(approveDraft(deps, draft, { hazard: harmless }, byRosa()), { code: 'conflict' })
    await submitDraft(deps, draft, undefined, call())
    const dangerous = { hazard: { answer: 'hazard', text: 'It holds the prompt.' } } as const
    await t.rejects(approveDraft(deps, draft, dangerous, byRosa()), { code: 'invalid' }, 'GREEN for every peer')
    const amber = await createDraft(deps, work({ mark: marks.amber }), call())
    await submitDraft(deps, amber, undefined, call())
    await t.resolves(approveDraft(deps, amber, dangerous, byRosa()), 'AMBER for a group')
  })

  await t.test('under the same key is the same approval', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await submitDraft(deps, draft, undefined, call())
    const once = byRosa()
    const first = await approveDraft(deps, draft, { hazard: harmless }, once)
    t.same(await approveDraft(deps, draft, { hazard: harmless }, once), first)
    t.equal((await getReview(deps, draft.id, ada)).acts.length, 2)
  })
})

t.test('a draft that is sent back', async (t) => {
  const { deps } = await openInstitute(t)
  const draft = await createDraft(deps, work(), call())
  await submitDraft(deps, draft, 'First look?', call())
  await sendBackDraft(deps, draft, 'The sample is missing.', byRosa())

  await t.test('says why, and cannot be published or approved as it is', async (t) => {
    t.match(await getReview(deps, draft.id, ada), {
      state: 'sent-back',
      isApproved: false,
      acts: [
        { act: 'submit', actor: 'ada', note: 'First look?' },
        { act: 'send-back', actor: 'rosa', note: 'The sample is missing.' },
      ],
    })
    await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' })
    await t.rejects(approveDraft(deps, draft, { hazard: harmless }, byRosa()), { code: 'conflict' })
  })

  await t.test('can be sent back after its approval too, which then counts no longer', async (t) => {
    await approve(deps, draft)
    await sendBackDraft(deps, draft, 'I was wrong.', byRosa())
    await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' })
  })

  await t.test('comes back changed, is approved and published', async (t) => {
    const changed = await replaceDraft(deps, draft, work({ lang: 'fr' }), ada)
    await approve(deps, changed)
    await t.resolves(publishDraft(deps, changed, call('paul')))
    await t.rejects(submitDraft(deps, changed, undefined, call()), { code: 'already-published' })
  })

  await t.test('leaves every step in the audit trail', async (t) => {
    const { items } = await listAudit(deps, {}, { limit: 20 })
    const acts = items.map(({ actor, act }) => `${actor} ${act}`).filter((line) => !line.endsWith('change-keys'))
    t.same(acts.reverse(), [
      'ada draft.submit',
      'rosa draft.send-back',
      'ada draft.submit',
      'rosa draft.approve',
      'rosa draft.send-back',
      'ada draft.submit',
      'rosa draft.approve',
      'paul publish',
    ])
  })
})

t.test('a RED draft', async (t) => {
  const { deps } = await openInstitute(t)
  const red = await createDraft(deps, work({ mark: marks.red }), call())
  const green = await createDraft(deps, work(), call())
  const seenBy = async (colleague: { actor: string; mayReview?: boolean }) =>
    (await listDrafts(deps, colleague, { limit: 10 })).items.map(({ id }: DraftView) => id).sort()

  await t.test('is for those who wrote it and for reviewers; to others it does not exist', async (t) => {
    t.same(await seenBy(ada), [red.id, green.id].sort())
    t.same(await seenBy(reviewer), [red.id, green.id].sort())
    t.same(await seenBy({ actor: 'eve' }), [green.id])
    const eve = call('eve')
    await t.rejects(getDraft(deps, red.id, eve), { code: 'not-found' })
    await t.rejects(replaceDraft(deps, red, work(), eve), { code: 'not-found' })
    await t.rejects(submitDraft(deps, red, undefined, eve), { code: 'not-found' })
    await t.rejects(publishDraft(deps, red, eve), { code: 'not-found' })
  })

  await t.test('becomes a record for those who wrote, reviewed and published it', async (t) => {
    const second = await replaceDraft(deps, red, work({ mark: marks.red, lang: 'sw' }), { ...reviewer, actor: 'grace' })
    await approve(deps, second)
    const { position } = await publishDraft(deps, second, { ...call('paul'), mayReview: true })
    const own = deps.db.selectFrom('own_record').select('readers').where('position', '=', position)
    t.same((await own.executeTakeFirst())?.readers?.sort(), ['ada', 'grace', 'paul', 'rosa'])
  })
})
