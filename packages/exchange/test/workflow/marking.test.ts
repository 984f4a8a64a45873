import type { Marking } from '@concordance/protocol'
import t from 'tap'
import { createDraft, getDraft } from '../../src/drafts.ts'
import { appendRecord, type Call } from '../../src/publish.ts'
import { reviseFinding } from '../../src/revise.ts'
import { withdrawFinding } from '../../src/withdraw.ts'
import { getChanges } from '../../src/workflow/changes.ts'
import { getMarkedRecord } from '../../src/workflow/effective-marking.ts'
import { markRecord } from '../../src/workflow/mark-record.ts'
import { publishDraft } from '../../src/workflow/publish-draft.ts'
import { input, marks } from '../support/content.ts'
import { call, openInstitute } from '../support/institute.ts'
import { approve, publishReviewed } from '../support/review.ts'

const author = (): Call & { mayPublish: boolean } => ({ ...call(), mayPublish: false })
const publisher = (): Call & { mayPublish: boolean } => ({ ...call(), mayPublish: true })
const reason = { en: 'The tool it names is not fixed yet.' }

t.test('another marking for a record', async (t) => {
  const { deps, iss } = await openInstitute(t)
  const publish = (mark: Marking) => appendRecord(deps, input({ mark }), call())
  const markOf = async (recordId: string) => (await getMarkedRecord(deps.db, recordId)).mark

  await t.test('that only narrows is published at once by whoever may publish, once for a key', async (t) => {
    const { recordId } = await publish(marks.clear)
    const once = publisher()
    const { receipt } = await markRecord(deps, recordId, { mark: marks.green, reason }, once)
    t.match(receipt, { version: 1 })
    t.same(await markOf(recordId), marks.green)
    t.same((await markRecord(deps, recordId, { mark: marks.green, reason }, once)).receipt, receipt)
    const entry = deps.db
      .selectFrom('own_record')
      .select(['tlp', 'type'])
      .where('position', '=', receipt?.position ?? 0)
    t.match(await entry.executeTakeFirst(), { type: 'marking', tlp: 'GREEN' }, 'marked as the narrower of the two')
  })

  await t.test('that only narrows is a draft for whoever may not publish', async (t) => {
    const { recordId } = await publish(marks.clear)
    const { draft } = await markRecord(deps, recordId, { mark: marks.green }, author())
    t.match(draft, { type: 'marking', state: 'draft', mark: marks.green })
    t.same(await markOf(recordId), marks.clear)
    if (draft) await publishDraft(deps, draft, call())
    t.same(await markOf(recordId), marks.green)
  })

  await t.test('that widens waits for a second person, whatever the author may do', async (t) => {
    const { recordId } = await publish(marks.green)
    const { draft, receipt } = await markRecord(deps, recordId, { mark: marks.clear }, publisher())
    t.equal(receipt, undefined)
    if (!draft) return t.fail('no draft')
    await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' })
    t.same(await markOf(recordId), marks.green)
    const { published } = await getChanges(deps, draft.id, { actor: 'ada' })
    t.same(
      published.find(({ pointer }) => pointer === '/content/mark/tlp'),
      {
        pointer: '/content/mark/tlp',
        before: 'GREEN',
        after: 'CLEAR',
      },
    )
    await publishReviewed(deps, draft)
    t.same(await markOf(recordId), marks.clear)
  })

  await t.test('that shortens an embargo waits for a second person', async (t) => {
    const embargoed = { ...marks.green, embargoUntil: 2_000_000_000 }
    const { recordId } = await publish(embargoed)
    const shorter = { ...marks.green, embargoUntil: 1_900_000_000 }
    t.ok((await markRecord(deps, recordId, { mark: shorter }, publisher())).draft)
    const longer = { ...marks.green, embargoUntil: 2_100_000_000 }
    t.ok((await markRecord(deps, recordId, { mark: longer }, publisher())).receipt)
  })

  await t.test('is judged by the marking it has when it is published, not when it was drafted', async (t) => {
    const { recordId } = await publish(marks.clear)
    const { draft } = await markRecord(deps, recordId, { mark: marks.green }, author())
    await markRecord(deps, recordId, { mark: marks.red }, publisher())
    if (!draft) return t.fail('no draft')
    await t.rejects(publishDraft(deps, draft, call()), { code: 'review-required' }, 'from RED it is wider')
  })

  await t.test('is refused where the record is marked anew in the very moment', async (t) => {
    const { recordId } = await publish(marks.clear)
    const { writer } = deps
    let isFirst = true
    const append: typeof writer.append = async (entry) => {
      if (isFirst) {
        isFirst = false
        await markRecord(deps, recordId, { mark: marks.red }, publisher())
      }
      return writer.append(entry)
    }
    const late = { ...deps, writer: { ...writer, append } }
    await t.rejects(markRecord(late, recordId, { mark: marks.green }, publisher()), { code: 'conflict' })
    t.same(await markOf(recordId), marks.red)
  })

  await t.test('is for content of our own, and its own marking follows from the change', async (t) => {
    const keyset = deps.db.selectFrom('own_record').select('record_id').where('position', '=', 0)
    const keysetId = (await keyset.executeTakeFirstOrThrow()).record_id.toString('base64url')
    await t.rejects(markRecord(deps, keysetId, { mark: marks.green }, publisher()), { code: 'invalid' })
    await t.rejects(markRecord(deps, 'A'.repeat(43), { mark: marks.green }, publisher()), { code: 'not-found' })
    const { recordId } = await publish(marks.green)
    await t.rejects(markRecord(deps, recordId, { mark: { tlp: 'AMBER', relay: 'none' } }, publisher()), {
      code: 'marking-invalid',
    })
    const rel = [{ kind: 'remarks' as const, target: { iss, record: recordId } }]
    const draft = { type: 'marking', lang: 'en', mark: marks.clear, content: { mark: marks.red }, rel }
    t.match(await createDraft(deps, draft, call()), { mark: marks.red }, 'whatever the draft says')
    await t.rejects(createDraft(deps, { ...draft, rel: [] }, call()), { code: 'invalid' })
  })

  await t.test('never takes what was signed RED further: that is a new version', async (t) => {
    const { recordId, finding } = await publish(marks.red)
    await t.rejects(markRecord(deps, recordId, { mark: marks.green }, publisher()), { code: 'marking-invalid' })
    t.match(await reviseFinding(deps, finding, call()), { mark: marks.red, version: 2 })
  })

  await t.test('is what the next version begins with, and what a withdrawal is marked as', async (t) => {
    const { recordId, finding } = await publish(marks.clear)
    await markRecord(deps, recordId, { mark: marks.green }, publisher())
    t.match(await reviseFinding(deps, finding, call()), { mark: marks.green })
    const { position } = await withdrawFinding(deps, finding, { reason: 'error' }, call())
    const row = deps.db.selectFrom('own_record').select(['tlp']).where('position', '=', position)
    t.match(await row.executeTakeFirst(), { tlp: 'GREEN' })
  })

  await t.test('does not tell anybody of a RED record who may not know of it', async (t) => {
    const { recordId, finding } = await publish(marks.green)
    await markRecord(deps, recordId, { mark: marks.red }, publisher())
    const eve = { ...call('eve'), mayReview: true, mayPublish: true }
    await t.rejects(markRecord(deps, recordId, { mark: marks.green }, eve), { code: 'not-found' })
    await t.rejects(reviseFinding(deps, finding, eve), { code: 'not-found' })
    await t.rejects(withdrawFinding(deps, finding, { reason: 'error' }, eve), { code: 'not-found' })
    const { draft } = await markRecord(deps, recordId, { mark: marks.green }, author())
    if (!draft) return t.fail('no draft')
    await t.rejects(getDraft(deps, draft.id, { actor: 'eve' }), { code: 'not-found' })
    await approve(deps, draft)
    await t.resolves(publishDraft(deps, draft, call()))
  })
})
