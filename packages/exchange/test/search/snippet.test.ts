import fc from 'fast-check'
import t from 'tap'
import { parseQuery } from '../../src/search/query.ts'
import { makeSnippets, placeTokens } from '../../src/search/snippet.ts'
import { tokenise } from '../../src/search/tokenise.ts'
import { openStemmer } from '../support/stemmer.ts'

t.test('a snippet', async (t) => {
  const stemmer = await openStemmer(t)
  const show = async (typed: string, ...texts: { lang?: string; text: string }[]) => {
    const query = await parseQuery(stemmer, typed)
    const [snippet] = await makeSnippets(stemmer, query?.highlight ?? [], [texts])
    return snippet
  }
  const marked = async (typed: string, text: string) => {
    const snippet = await show(typed, { lang: 'en', text })
    return snippet?.marks.map(({ from, to }) => snippet.text.slice(from, to))
  }

  await t.test('is the whole of a short text, with its language', async (t) => {
    t.same(await show('refusal', { lang: 'en', text: 'Refusals held.' }), {
      text: 'Refusals held.',
      lang: 'en',
      marks: [{ from: 0, to: 8 }],
    })
  })

  await t.test('is the part of a long text in which most of the words stand', async (t) => {
    const filler = 'Nothing to see in this sentence. '.repeat(20)
    const text = `A judge. ${filler}The judge scored refusals. ${filler}`
    const snippet = await show('judge refusal', { text })
    t.match(snippet?.text, /^….*The judge scored refusals\..*…$/)
    t.ok((snippet?.text.length ?? 999) <= 240)
    t.same(await marked('judge refusal', text), ['judge', 'refusals'])
  })

  await t.test('comes from the first of equal texts, and from none in which nothing matches', async (t) => {
    t.equal((await show('cat', { text: 'dog' }, { text: 'one cat' }, { text: 'a cat' }))?.text, 'one cat')
    t.equal(await show('cat', { text: 'dog' }), undefined)
    t.equal(await show('-cat', { text: 'dog' }), undefined)
  })

  await t.test('marks a word that is spelt in another way, as it stands', async (t) => {
    t.same(await marked('ｆｉｎｅ', 'A ﬁne day… ½'), ['ﬁne'])
    t.same(await marked('strasse', 'Die STRAẞE'), ['STRAẞE'])
    t.same(await marked('a\u030A', 'Ångström, Å'), ['Å'])
    t.same(await marked('"safe enough"', 'safe enough, not enough safe'), ['safe', 'enough'])
    t.same(await marked('안전', '\u110B\u1161\u11AB\u110C\u1165\u11AB'), ['\u110B\u1161\u11AB\u110C\u1165\u11AB'])
  })

  await t.test('turns no text around it, and breaks no line', async (t) => {
    const snippet = await show('cat', { text: 'a\u202E cat\n\n\u2066dog\u0007\uD800' })
    t.equal(snippet?.text, 'a cat dog \uFFFD')
  })

  await t.test('never cuts a character', async (t) => {
    const family = '👨‍👩‍👧‍👦'
    for (let shift = 0; shift < 12; shift++) {
      const snippet = await show('cat', { text: `${'x'.repeat(shift)}${family.repeat(40)} cat ${family.repeat(40)}` })
      const text = snippet?.text ?? ''
      t.ok(text.isWellFormed() && text.length <= 240)
      const inner = text.replaceAll(/…|cat| |x/g, '')
      t.equal(inner.replaceAll(family, ''), '', 'whole families only')
    }
  })

  await t.test('stays small and has its marks inside, each over something that was asked for', async (t) => {
    const words = fc.constantFrom(
      'refusals',
      'judge',
      'Ａgent',
      'é\u0301vite',
      '評価',
      'ปลอดภัย',
      'می‌کند',
      '…',
      '🙂',
      '\u202E',
    )
    const property = fc.asyncProperty(
      fc.array(words, { minLength: 1, maxLength: 120 }),
      fc.nat(),
      async (parts, pick) => {
        const text = parts.join(pick % 3 === 0 ? ' ' : ' x ')
        const typed = parts[pick % parts.length] as string
        const asked = new Set(tokenise(typed).map(({ exact }) => exact))
        const snippet = await show(typed, { lang: 'en', text })
        if (asked.size === 0) return t.equal(snippet, undefined)
        t.ok(snippet && snippet.text.length <= 240 && snippet.text.isWellFormed() && snippet.marks.length > 0)
        let last = 0
        for (const { from, to } of snippet?.marks ?? []) {
          t.ok(from >= last && to > from && to <= (snippet?.text.length ?? 0))
          const inside = tokenise(snippet?.text.slice(from, to) ?? '')
          t.ok(inside.some(({ exact }) => asked.has(exact)))
          last = to
        }
      },
    )
    await fc.assert(property, { numRuns: 150, seed: 9 })
  })

  await t.test('of a hundred long texts takes less than a second of work', async (t) => {
    const text = 'The judge scored 42 refusals; 評価 และ ความปลอดภัย… '.repeat(80)
    const query = await parseQuery(stemmer, 'judge refusal 評価 ปลอดภัย a b c* d*')
    const before = process.cpuUsage()
    const snippets = await makeSnippets(
      stemmer,
      query?.highlight ?? [],
      Array.from({ length: 100 }, () => [{ text }]),
    )
    const { user, system } = process.cpuUsage(before)
    t.equal(snippets.filter((snippet) => snippet).length, 100)
    t.ok((user + system) / 1_000 < 1_000, `${(user + system) / 1_000} ms`)
  })
})

t.test('tokens are placed in the text itself', async (t) => {
  await t.test('whatever its characters become', async (t) => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const placed = placeTokens(text)
      t.same(
        placed.map(({ exact }) => exact),
        tokenise(text).map(({ exact }) => exact),
        JSON.stringify(text),
      )
      for (const { from, to } of placed) t.ok(from >= 0 && from < to && to <= text.length)
    })
    fc.assert(property, { numRuns: 2_000, seed: 11 })
  })

  await t.test('without those that begin otherwise than asked for, and the others are as they were', async (t) => {
    const letters = fc.constantFrom(...'abé ßﬁ12अनн़日本語国國안전ไทยکتابمیها\u200C\u0301\u064B.')
    const property = fc.property(fc.string({ unit: letters, maxLength: 40 }), letters, (text, beginning) => {
      const beginnings = new Set([beginning.charCodeAt(0)])
      const isAsked = ({ exact }: { exact: string }) => beginnings.has(exact.charCodeAt(0))
      t.same(placeTokens(text, beginnings).filter(isAsked), placeTokens(text).filter(isAsked), JSON.stringify(text))
    })
    fc.assert(property, { numRuns: 5_000, seed: 12 })
    t.same(
      placeTokens('an owl in a tree', new Set(['o'.charCodeAt(0)])).map(({ exact, at }) => [exact, at]),
      [['owl', 1]],
    )
  })
})
