import t from 'tap'
import { type Feed, formatAtom } from '../../src/export/atom.ts'
import { amber, base, hostileTexts, iat, matchGolden, otherId, view } from './views.ts'
import { readXml } from './xml.ts'

const feed: Feed = {
  self: `${base}/v1/search/feed?q=refusal&type=evaluation`,
  search: 'refusal; type evaluation',
  iss: base,
  base,
  entries: [],
  deleted: [],
}
const withdrawn = view({ recordId: otherId, status: 'withdrawn', state: 'statement', title: {}, facets: {} })

t.test('a feed', async (t) => {
  const whole = {
    ...feed,
    entries: [view(), view({ recordId: `${otherId.slice(0, -1)}w`, version: 1, status: 'superseded', mark: amber })],
    deleted: [{ record: withdrawn, when: iat + 3_600 }],
  }

  await t.test('reads so', async (t) => matchGolden(t, 'search.atom', formatAtom(whole)))

  await t.test('has what RFC 4287 requires of a feed and of every entry', async (t) => {
    const root = readXml(formatAtom(whole))
    t.equal(root.name, 'feed')
    t.equal(root.attributes.xmlns, 'http://www.w3.org/2005/Atom')
    for (const one of [root, ...root.all('entry')])
      for (const name of ['id', 'title', 'updated']) t.equal(one.all(name).length, 1, `one ${name}`)
    t.equal(root.all('entry').length, 2)
    t.equal(root.one('id').text, feed.self)
    t.strictSame(root.one('link').attributes, { rel: 'self', type: 'application/atom+xml', href: feed.self })
    t.ok(root.all('entry').every((entry) => entry.one('id').text.startsWith('urn:concordance:record:')))
    t.equal(root.one('updated').text, '2026-01-02T04:04:05Z', 'the last change, here a withdrawal')
  })

  await t.test('says the marking of each record as a category and in words, and the strictest of all', async (t) => {
    const root = readXml(formatAtom(whole))
    const markingOf = (one: typeof root) =>
      one
        .all('category')
        .flatMap(({ attributes: { scheme, term } }) => (scheme === 'https://www.first.org/tlp/' ? term : []))
    t.strictSame(markingOf(root), ['TLP:AMBER'])
    t.strictSame(root.all('entry').map(markingOf), [['TLP:GREEN'], ['TLP:AMBER']])
    t.match(root.one('subtitle').text, /^TLP:AMBER/)
    t.match(root.all('entry')[1]?.one('summary').text, /^TLP:AMBER, for the group .* superseded/)
    t.match(root.one('at:deleted-entry').one('at:comment').text, /^TLP:GREEN/)
  })

  await t.test('has a tombstone with the id of the entry that was taken back', async (t) => {
    const root = readXml(formatAtom(whole))
    t.equal(root.attributes['xmlns:at'], 'http://purl.org/atompub/tombstones/1.0')
    t.match(root.one('at:deleted-entry').attributes, {
      ref: `urn:concordance:record:${otherId}`,
      when: '2026-01-02T04:04:05Z',
    })
  })

  await t.test('is the same, byte for byte, until something changes', async (t) => {
    t.equal(formatAtom(whole), formatAtom(structuredClone(whole)))
  })

  await t.test('without an entry never says that there is nothing', async (t) => {
    const root = readXml(formatAtom(feed))
    t.match(root.one('subtitle').text, 'Nothing open to you matches.')
    t.equal(root.one('updated').text, '1970-01-01T00:00:00Z')
    t.strictSame(root.all('category'), [])
  })
})

t.test('no text of a record or a search', async (t) => {
  for (const [number, text] of hostileTexts.entries()) {
    await t.test(`leaves its element: number ${number}`, async (t) => {
      const record = view({ title: { en: text }, mark: { ...amber, handling: text } })
      const hostile = {
        ...feed,
        search: text,
        self: `${base}/?q=${text}`,
        entries: [record],
        deleted: [{ record, when: 0 }],
      }
      const xml = formatAtom(hostile)
      const root = readXml(xml)
      t.strictSame(
        root.children.map(({ name }) => name),
        ['id', 'title', 'subtitle', 'updated', 'author', 'link', 'category', 'entry', 'at:deleted-entry'],
      )
      t.equal(root.one('entry').one('title').children.length, 0)
      t.notMatch(xml.replaceAll('\n', ''), /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200f\u2028\u2029\ufffe\uffff]/u)
      t.notMatch(xml.replaceAll('\n', ''), /\p{Cs}/u)
    })
  }

  await t.test('as an honest text is changed', async (t) => {
    const text = 'نسبة الرفض & 拒否率 <5 % 👩‍🔬'
    t.equal(
      readXml(formatAtom({ ...feed, entries: [view({ title: { en: text } })] }))
        .one('entry')
        .one('title').text,
      text,
    )
  })
})
