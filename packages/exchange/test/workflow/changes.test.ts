import type { DraftInput } from '@concordance/protocol'
import t from 'tap'
import { createDraft, replaceDraft } from '../../src/drafts.ts'
import { appendRecord } from '../../src/publish.ts'
import { reviseFinding } from '../../src/revise.ts'
import { getChanges } from '../../src/workflow/changes.ts'
import { addComment, listComments, resolveComment } from '../../src/workflow/comments.ts'
import { differencesOf } from '../../src/workflow/differences.ts'
import { sendBackDraft, submitDraft } from '../../src/workflow/review-draft.ts'
import { input, marks, observation } from '../support/content.ts'
import { call, openInstitute } from '../support/institute.ts'
import { reviewer } from '../support/review.ts'

const work = (changes: Partial<DraftInput> = {}): DraftInput => ({ ...input(), ...changes })
const ada = { actor: 'ada' }

t.test('two states of the work differ field by field', async (t) => {
  const before = { same: 1, gone: 'x', list: ['a', 'b'], 'a/b~c': 1, deep: { empty: {} } }
  const after = { same: 1, new: null, list: ['a', 'c'], 'a/b~c': 2, deep: { empty: { full: true } } }
  t.same(differencesOf(before, after), [
    { pointer: '/a~1b~0c', before: 1, after: 2 },
    { pointer: '/deep/empty', before: {} },
    { pointer: '/deep/empty/full', after: true },
    { pointer: '/gone', before: 'x' },
    { pointer: '/list/1', before: 'b', after: 'c' },
    { pointer: '/new', after: null },
  ])
  t.same(differencesOf(before, before), [])
})

t.test('a reviewer sees what is new', async (t) => {
  const { deps } = await openInstitute(t)

  await t.test('against the version that is published', async (t) => {
    const { finding } = await appendRecord(deps, input({ mark: marks.clear }), call())
    const draft = await reviseFinding(deps, finding, call())
    t.same((await getChanges(deps, draft.id, reviewer)).published, [])
    const changed = work({ mark: marks.clear, content: observation('Now it refuses more.') })
    await replaceDraft(deps, draft, changed, ada)
    const { published, reviewed } = await getChanges(deps, draft.id, reviewer)
    t.match(published, [{ pointer: '/content/seen/en', after: 'Now it refuses more.' }])
    t.equal(published.length, 1)
    t.equal(reviewed, undefined, 'nobody has looked at it yet')
  })

  await t.test('against the state that was last looked at', async (t) => {
    const draft = await createDraft(deps, work(), call())
    await submitDraft(deps, draft, undefined, call())
    await sendBackDraft(deps, draft, 'Which sector?', { ...call(reviewer.actor), mayReview: true })
    await replaceDraft(deps, draft, work({ content: { ...observation(), sector: 'health' } }), ada)
    const { published, reviewed } = await getChanges(deps, draft.id, reviewer)
    t.same(reviewed, [{ pointer: '/content/sector', before: 'education', after: 'health' }])
    t.ok(published.length > 5, 'and all of it, where nothing is published yet')
    t.same(
      published.filter((change) => 'before' in change),
      [],
      'with nothing before it',
    )
  })

  await t.test('a RED draft only if it is theirs to see', async (t) => {
    const draft = await createDraft(deps, work({ mark: marks.red }), call())
    await t.rejects(getChanges(deps, draft.id, { actor: 'eve' }), { code: 'not-found' })
    await t.rejects(listComments(deps, draft.id, { actor: 'eve' }), { code: 'not-found' })
    await t.resolves(getChanges(deps, draft.id, reviewer))
  })
})

t.test('a comment', async (t) => {
  const { deps } = await openInstitute(t)
  const draft = await createDraft(deps, work(), call())
  const said = { pointer: '/content/sector', text: 'Which schools?' }
  const comment = await addComment(deps, draft, said, { ...call(reviewer.actor), mayReview: true })

  await t.test('stands at one field of one state', async (t) => {
    t.match(comment, { ...said, etag: 1, author: reviewer.actor })
    t.equal(comment.resolved, undefined)
    await replaceDraft(deps, draft, work({ lang: 'fr' }), ada)
    await t.rejects(addComment(deps, draft, said, call()), { code: 'precondition-failed' })
    await addComment(deps, { id: draft.id, etag: 2 }, said, call())
    t.match(await listComments(deps, draft.id, ada), [{ etag: 1 }, { etag: 2 }])
  })

  await t.test('is resolved, and opened again', async (t) => {
    const place = { draft: draft.id, comment: comment.id }
    const resolved = await resolveComment(deps, place, true, ada)
    t.match(resolved, { resolved: { by: 'ada' } })
    t.same(await resolveComment(deps, place, true, reviewer), resolved, 'once')
    t.equal((await resolveComment(deps, place, false, reviewer)).resolved, undefined)
    const other = await createDraft(deps, work(), call())
    await t.rejects(resolveComment(deps, { ...place, draft: other.id }, true, ada), { code: 'not-found' })
  })
})
