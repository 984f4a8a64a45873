import t from 'tap'
import type { Viewer } from '../../src/access/may-open.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { type LocalQuestion, searchLocal } from '../../src/search/search-local.ts'
import { append } from '../support/append.ts'
import { observation } from '../support/content.ts'
import { evaluation } from '../support/evaluation.ts'
import { openInstitute } from '../support/institute.ts'

const reader: Viewer = { kind: 'person', subject: 'ada', staff: false }
const outsider: Viewer = { kind: 'public' }

t.test('the order of relevance', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const publish = async (title: string, text: string, tlp: 'CLEAR' | 'GREEN' = 'GREEN') => {
    clock.seconds += 1
    const content = evaluation({ title: { en: title }, plainSummary: { en: text }, limitations: [text] })
    const mark = tlp === 'CLEAR' ? { tlp, relay: 'any' as const } : { tlp, relay: 'none' as const }
    return (await append(deps, { type: 'evaluation', content, mark })).recordId
  }
  const ask = async (filters: { q: string }, more: Partial<LocalQuestion> = {}, viewer: Viewer = reader) => {
    const { hits, next, matched } = await searchLocal(deps, viewer, { filters, limit: 20, ...more })
    return { ids: hits.map(({ recordId }) => recordId), next, matched }
  }

  const both = await publish('Sandbagging under elicitation', 'Nothing more.')
  const one = await publish('Elicitation of a model', 'It was sandbagging.')
  const other = await publish('A case of sandbagging', 'No elicitation was tried.')
  const twice = await publish('Elicitation, again elicitation', 'Sandbagging, sandbagging, sandbagging.')
  const none = await publish('A note', 'Sandbagging seen; elicitation, elicitation, elicitation.')
  const newer = await publish('A later note', 'Sandbagging and elicitation.', 'CLEAR')
  const seen = (await append(deps, { content: observation('Sandbagging was seen. So was elicitation.') })).recordId
  await projectAll(deps)

  const q = 'sandbagging elicitation'
  const ranked = [both, seen, twice, other, one, newer, none]

  await t.test(
    'is by how much of what was asked for stands in the title, and of equals the newest first',
    async (t) => {
      t.strictSame((await ask({ q })).ids, ranked)
    },
  )

  await t.test('is by time alone where the newest are asked for', async (t) => {
    t.strictSame((await ask({ q }, { sort: 'newest' })).ids, [seen, newer, none, twice, other, one, both])
  })

  await t.test('knows a word of the title by its other forms, its beginning and its neighbours', async (t) => {
    for (const typed of ['elicitations', 'elicit*', '"under elicitation" OR elicitation'])
      t.strictSame((await ask({ q: typed })).ids.slice(0, 4), [twice, one, both, seen], typed)
  })

  await t.test('does not see what is excluded, and leaves out nothing for being in no title', async (t) => {
    t.strictSame((await ask({ q: 'sandbagging -under' })).ids, [seen, other, newer, none, twice, one])
  })

  await t.test('is the same page by page, and records that come meanwhile leave out and repeat nothing', async (t) => {
    const shown: string[] = []
    for (let cursor: string | undefined; ; ) {
      const { ids, next } = await ask({ q }, { limit: 2, ...(cursor && { cursor }) })
      shown.push(...ids)
      if (next === undefined) break
      cursor = next
      await publish(`Sandbagging elicitation ${shown.length}`, 'Arrived between two pages.')
      await publish('Arrived', `Sandbagging, elicitation, ${shown.length}.`)
      await projectAll(deps)
    }
    t.equal(new Set(shown).size, shown.length, 'nothing stands on two pages')
    t.strictSame(
      shown.filter((id) => ranked.includes(id)),
      ranked,
    )
  })

  await t.test('does not tell of what is closed: only the open take part', async (t) => {
    const { ids, matched } = await ask({ q }, {}, outsider)
    t.strictSame({ ids, matched }, { ids: [newer], matched: 1 })
  })

  await t.test('refuses a cursor that no page gave', async (t) => {
    for (const cursor of [
      'AAAA',
      Buffer.from('1.1').toString('base64url'),
      Buffer.from('1.1.1.10').toString('base64url'),
    ])
      await t.rejects(ask({ q }, { cursor }), { code: 'invalid' })
  })
})

t.test(
  'what is shown of a text without a language of its own is read in that of its record, as the index reads it',
  async (t) => {
    const { deps } = await openInstitute(t)
    const content = evaluation({ limitations: ['Des chevaux.'] })
    await append(deps, { type: 'evaluation', lang: 'fr', content })
    await projectAll(deps)
    const { hits } = await searchLocal(deps, reader, { filters: { q: 'cheval' }, limit: 1 })
    t.strictSame(hits[0]?.snippet, { text: 'Des chevaux.', lang: 'fr', marks: [{ from: 4, to: 11 }] })
  },
)
