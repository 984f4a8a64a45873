import { limits, type RecordInput } from '@concordance/protocol'
import t from 'tap'
import { appendRecord } from '../src/publish.ts'
import { group, input, marks, observation } from './support/content.ts'
import { call, openInstitute } from './support/institute.ts'

const wordy = { ...marks.green, handling: 'h'.repeat(limits.handlingBytes) }

t.test('what is published', async (t) => {
  const { deps } = await openInstitute(t)
  const size = async () => (await deps.db.selectFrom('log').select('size').executeTakeFirstOrThrow()).size
  const before = await size()

  const refused: [what: string, change: Partial<RecordInput>, code: string][] = [
    ['a type this version does not know', { type: 'horoscope' }, 'invalid'],
    ['a control record, which has a way of its own', { type: 'withdrawal', content: { reason: 'error' } }, 'invalid'],
    ['content that breaks its schema', { content: { ...observation(), country: 'Kenya' } }, 'invalid'],
    ['content with a lone surrogate', { content: { ...observation(), wish: { en: '\ud800' } } }, 'invalid'],
    ['content with U+0000', { content: { ...observation(), wish: { en: 'a\u0000b' } } }, 'invalid'],
    ['a body beyond its limit', { content: { ...observation(), more: 'x'.repeat(limits.bodyBytes) } }, 'too-large'],
    ['an unknown label', { mark: { tlp: 'AMBER-ISH', relay: 'none' } as never }, 'marking-invalid'],
    ['no marking at all', { mark: undefined as never }, 'marking-invalid'],
    ['AMBER without a group', { mark: { tlp: 'AMBER', relay: 'none' } }, 'marking-invalid'],
    ['GREEN with a group', { mark: { tlp: 'GREEN', relay: 'none', group } }, 'marking-invalid'],
    ['RED that may be relayed', { mark: { tlp: 'RED', relay: 'any' } }, 'marking-invalid'],
    ['a language tag that is none', { lang: 'not a language' }, 'invalid'],
    [
      'a statement that could not be signed by every key service',
      { rel: longRelations(), mark: wordy },
      'statement-too-large',
    ],
    ['version 2 of a finding that has no version 1', { finding: group.finding, version: 2 }, 'version-conflict'],
  ]
  for (const [what, change, code] of refused) {
    await t.test(`is refused for ${what}`, async (t) => {
      await t.rejects(appendRecord(deps, input(change), call()), { code })
      t.equal(await size(), before, 'nothing was written')
    })
  }

  await t.test('names the field that breaks a rule', async (t) => {
    const broken = input({ content: { ...observation(), country: 'Kenya' } })
    await t.rejects(appendRecord(deps, broken, call()), { errors: [{ pointer: '/content/country' }] })
  })

  for (const [label, mark] of Object.entries(marks)) {
    await t.test(`may carry every valid marking: ${label}`, async (t) => {
      const { position } = await appendRecord(deps, input({ mark }), call())
      const row = await deps.db
        .selectFrom('own_record')
        .select('tlp')
        .where('position', '=', position)
        .executeTakeFirst()
      t.equal(row?.tlp, mark.tlp)
    })
  }

  await t.test('may be the next version of a finding, once', async (t) => {
    const first = await appendRecord(deps, input(), call())
    const next = input({ finding: first.finding, version: 2 })
    t.match(await appendRecord(deps, next, call()), { finding: first.finding, version: 2 })
    await t.rejects(appendRecord(deps, next, call()), { code: 'version-conflict' })
    await t.rejects(appendRecord(deps, input({ finding: first.finding }), call()), { code: 'version-conflict' })
  })
})

function longRelations(): NonNullable<RecordInput['rel']> {
  const target = { iss: `https://${'a'.repeat(60)}.example/${'b'.repeat(120)}`, record: 'A'.repeat(43) }
  return Array.from({ length: limits.relations }, () => ({ kind: 'cites' as const, target }))
}
