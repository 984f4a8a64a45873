import type { DraftInput } from '@concordance/protocol'
import t from 'tap'
import { createDraft, deleteDraft, getDraft, listDrafts, replaceDraft } from '../src/drafts.ts'
import { projectAll } from '../src/projection/start-projection.ts'
import { appendRecord } from '../src/publish.ts'
import { getRecord } from '../src/records.ts'
import { reviseFinding } from '../src/revise.ts'
import { withdrawFinding } from '../src/withdraw.ts'
import { publishDraft } from '../src/workflow/publish-draft.ts'
import { input, marks, observation } from './support/content.ts'
import { call, openInstitute } from './support/institute.ts'
import { publishReviewed } from './support/review.ts'

/** RED: what needs nobody else. */
const work = (changes: Partial<DraftInput> = {}): DraftInput => ({ ...input({ mark: marks.red }), ...changes })
const ada = { actor: 'ada' }
const grace = { actor: 'grace', mayReview: true }
const person = { kind: 'person', subject: 'ada', staff: true } as const

t.test('a draft', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const draft = await createDraft(deps, work({ origins: { '/seen': 'log.json' } }), call())

  await t.test('keeps the work, its origins and its author', async (t) => {
    t.match(draft, { ...work(), origins: { '/seen': 'log.json' }, author: 'ada', version: 1, etag: 1 })
    t.same(await getDraft(deps, draft.id, ada), draft)
  })

  await t.test('is created once for a key', async (t) => {
    const once = call()
    const first = await createDraft(deps, work(), once)
    t.same(await createDraft(deps, work(), once), first)
    await t.rejects(createDraft(deps, work({ lang: 'fr' }), once), { code: 'idempotency-mismatch' })
    await deleteDraft(deps, first, ada)
  })

  await t.test('has to pass every rule a record would', async (t) => {
    await t.rejects(createDraft(deps, work({ content: {} }), call()), { code: 'invalid' })
    await t.rejects(replaceDraft(deps, draft, work({ mark: { tlp: 'AMBER', relay: 'none' } }), ada), {
      code: 'marking-invalid',
    })
  })

  await t.test('is replaced only by whoever read the last state', async (t) => {
    const changed = await replaceDraft(deps, draft, work({ lang: 'sw' }), grace)
    t.match(changed, { lang: 'sw', author: 'ada', editors: ['ada', 'grace'], etag: 2, finding: draft.finding })
    await t.rejects(replaceDraft(deps, draft, work(), ada), { code: 'precondition-failed' })
    await t.rejects(deleteDraft(deps, draft, ada), { code: 'precondition-failed' })
  })

  await t.test('that is not there is not found', async (t) => {
    await t.rejects(getDraft(deps, draft.finding, ada), { code: 'not-found' })
    await t.rejects(deleteDraft(deps, { id: draft.finding, etag: 1 }, ada), { code: 'not-found' })
  })

  await t.test('is listed until it is published, last changed first, page by page', async (t) => {
    clock.seconds += 10
    const second = await createDraft(deps, work(), call())
    const page = await listDrafts(deps, ada, { limit: 1 })
    t.same(
      page.items.map(({ id }) => id),
      [second.id],
    )
    const rest = await listDrafts(deps, ada, { limit: 1, cursor: page.next ?? '' })
    t.same(
      rest.items.map(({ id }) => id),
      [draft.id],
    )
    t.equal(rest.next, undefined)
    await publishDraft(deps, { id: second.id }, call())
    t.same(
      (await listDrafts(deps, ada, { limit: 10 })).items.map(({ id }) => id),
      [draft.id],
    )
    await t.rejects(listDrafts(deps, ada, { limit: 1, cursor: 'rubbish' }), { code: 'invalid' })
  })
})

t.test('publishing a draft', async (t) => {
  const { deps } = await openInstitute(t)
  const size = async () => (await deps.db.selectFrom('log').select('size').executeTakeFirstOrThrow()).size

  await t.test('makes one record of it, however often and under whatever key it is asked for', async (t) => {
    const { id } = await createDraft(deps, work(), call())
    const before = await size()
    const receipts = await Promise.all(Array.from({ length: 5 }, () => publishDraft(deps, { id }, call())))
    receipts.push(await publishDraft(deps, { id }, call()))
    t.equal(new Set(receipts.map(({ recordId }) => recordId)).size, 1)
    t.equal(await size(), before + 1)
    t.equal((await getDraft(deps, id, ada)).publishedAs, receipts[0]?.recordId)
  })

  await t.test('publishes only the state that was read', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await replaceDraft(deps, draft, work({ lang: 'fr' }), ada)
    await t.rejects(publishDraft(deps, draft, call()), { code: 'precondition-failed' })
    await t.resolves(publishDraft(deps, { id: draft.id, etag: 2 }, call()))
  })

  await t.test('ends its life as a draft', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await publishDraft(deps, draft, call())
    await t.rejects(replaceDraft(deps, draft, work(), ada), { code: 'already-published' })
    await t.rejects(deleteDraft(deps, draft, ada), { code: 'already-published' })
  })
})

t.test('revising a finding', async (t) => {
  const { deps } = await openInstitute(t)
  const first = await appendRecord(deps, input({ mark: marks.clear, lang: 'sw' }), call())

  await t.test('begins a draft of the next version, filled from the newest one, without its salt', async (t) => {
    const draft = await reviseFinding(deps, first.finding, call())
    t.match(draft, { finding: first.finding, version: 2, lang: 'sw', mark: marks.clear })
    t.same(draft.content, observation())
  })

  await t.test('leads to a record that names the version before it', async (t) => {
    const draft = await reviseFinding(deps, first.finding, call())
    const second = await publishReviewed(deps, draft)
    await projectAll(deps)
    const record = await getRecord(deps, person, second.recordId)
    t.match(record, { version: 2, prev: first.recordId, status: 'current' })
    t.equal((await getRecord(deps, person, first.recordId)).status, 'superseded')
  })

  await t.test('twice at once leads to one next version, and the other draft is refused', async (t) => {
    const drafts = await Promise.all([1, 2].map(() => reviseFinding(deps, first.finding, call())))
    const results = await Promise.allSettled(drafts.map((draft) => publishReviewed(deps, draft)))
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
    t.same(refused, ['version-conflict'])
  })

  await t.test('of another institute, or of keys, is not possible', async (t) => {
    const keyset = await deps.db.selectFrom('own_record').select('finding').where('position', '=', 0).executeTakeFirst()
    await t.rejects(reviseFinding(deps, '01890a5d-ac96-774b-bcce-b302099a8057', call()), { code: 'not-found' })
    await t.rejects(reviseFinding(deps, keyset?.finding ?? '', call()), { code: 'invalid' })
  })
})

t.test('withdrawing a finding', async (t) => {
  const { deps } = await openInstitute(t)
  const why = { reason: 'error' as const, note: { en: 'The items were not independent.' } }
  const first = await appendRecord(deps, input({ mark: marks.amber }), call())
  const once = call()
  const withdrawal = await withdrawFinding(deps, first.finding, why, once)

  await t.test('appends a record under the same marking that names its target', async (t) => {
    await projectAll(deps)
    t.match(await getRecord(deps, person, withdrawal.recordId), { type: 'withdrawal', mark: marks.amber })
    const entry = await deps.db.selectFrom('withdrawn').selectAll().executeTakeFirst()
    t.match(entry, { position: withdrawal.position, effect: 'withdrawn' })
    t.equal(entry?.record_id.toString('base64url'), first.recordId)
  })

  await t.test('closes the body and keeps the statement', async (t) => {
    t.match(await getRecord(deps, person, first.recordId), {
      status: 'withdrawn',
      state: 'statement',
      body: null,
      title: {},
    })
  })

  await t.test('under the same key returns the first receipt, otherwise says that it is done', async (t) => {
    t.same(await withdrawFinding(deps, first.finding, why, once), withdrawal)
    await t.rejects(withdrawFinding(deps, first.finding, why, call()), { code: 'withdrawn' })
  })

  await t.test('twice at once happens once', async (t) => {
    const { finding } = await appendRecord(deps, input(), call())
    const results = await Promise.allSettled([1, 2, 3].map(() => withdrawFinding(deps, finding, why, call())))
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const result of results) if (result.status === 'rejected') t.equal(result.reason.code, 'withdrawn')
  })

  await t.test('ends it: no next version, no draft of one', async (t) => {
    const next = input({ finding: first.finding, version: 2 })
    await t.rejects(appendRecord(deps, next, call()), { code: 'withdrawn' })
    await t.rejects(reviseFinding(deps, first.finding, call()), { code: 'withdrawn' })
  })
})
