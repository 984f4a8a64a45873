import fc from 'fast-check'
import t from 'tap'
import { formatWords } from '../../src/search/format-words.ts'
import { parseQuery } from '../../src/search/query.ts'
import { createStemMemory } from '../../src/search/stem.ts'
import { prepare, tokenise } from '../../src/search/tokenise.ts'
import { countStatements, isFound, openStemmer } from '../support/stemmer.ts'

/** As long as a body may be (`limits.bodyBytes`). */
const bodyBytes = 256 * 1024

t.test('the words of a record', async (t) => {
  const stemmer = await openStemmer(t)
  const format = async (...texts: string[]) => {
    const [words] = await formatWords(stemmer, [{ lang: 'en', title: {}, text: texts.map((text) => ({ text })) }])
    return words as Buffer
  }
  const read = async (words: Buffer) => {
    const { rows } = await stemmer.connection.query('select $1::tsvector::text as words', [words])
    return rows[0].words as string
  }

  await t.test('say by their weight whether they stand so, and where, and once more what is in a title', async (t) => {
    const [words] = await formatWords(stemmer, [
      { lang: 'de', title: { en: 'Two refusals' }, text: [{ lang: 'en', text: 'refused' }, { text: 'Ergebnisse' }] },
    ])
    t.equal(
      await read(words as Buffer),
      "'^refus' '^refusals' '^two' 'ergebnis':6 'ergebnisse':6C 'refus':2B,4 'refusals':2A 'refused':4C 'two':1A",
    )
  })

  await t.test('stand once where the stem is the word', async (t) => {
    t.equal(await read(await format('model test')), "'model':1C 'test':2C")
  })

  await t.test('follow one another within a text, never across two', async (t) => {
    const query = await parseQuery(stemmer, '"red team"')
    t.equal(await isFound(stemmer, await format('the red team'), query?.match ?? ''), true)
    t.equal(await isFound(stemmer, await format('the red', 'team'), query?.match ?? ''), false)
  })

  await t.test('of several records are stemmed in one statement, and remembered', async (t) => {
    const fresh = countStatements({ ...stemmer, memory: createStemMemory() })
    const records = ['measured refusals', 'mesures', 'измерения'].map((text, i) => ({
      lang: ['en', 'fr', 'ru'][i] as string,
      title: {},
      text: [{ text }],
    }))
    const first = await formatWords(fresh, records)
    t.equal(fresh.statements.length, 1)
    t.same(await formatWords(fresh, records), first)
    t.equal(fresh.statements.length, 1)
  })

  const floods: [what: string, text: string][] = [
    [
      'of different words',
      Array.from({ length: bodyBytes / 8 }, (_, i) => `w${i.toString(36).padStart(6, 'x')}`).join(' '),
    ],
    ['of one word', 'test '.repeat(bodyBytes / 5)],
    [
      'of Han',
      String.fromCodePoint(...Array.from({ length: bodyBytes / 12 }, (_, i) => 0x4e00 + ((i * 7919) % 20_000))).repeat(
        4,
      ),
    ],
    [
      'of rare Han',
      Array.from({ length: bodyBytes / 4 }, (_, i) => String.fromCodePoint(0x20000 + ((i * 7919) % 40_000))).join(''),
    ],
    ['of Thai with every vowel sign', 'กั้ขิ่ฃุ๊คู๋'.repeat(bodyBytes / 36)],
    ['of one letter under a hundred thousand accents', `a${'\u0301\u0316'.repeat(bodyBytes / 4)}`],
    ['of letters under thirty accents each', `b${'\u0301\u0316'.repeat(15)}`.repeat(bodyBytes / 61)],
    ['of a word held together by joiners', 'می\u200C'.repeat(bodyBytes / 7)],
    ['of ligatures that stand for sentences', 'ﷺ'.repeat(bodyBytes / 3)],
    ['of squares that stand for words', '㌀㌁㌂'.repeat(bodyBytes / 9)],
    ['of bidi controls', '\u202Ea\u2066b\u2069'.repeat(bodyBytes / 11)],
    ['of variation selectors', `Ⰰ${'\uFE0F'.repeat(bodyBytes / 3)}z`],
    ['of emoji', '👩🏽‍🚀🏴󠁧󠁢󠁳󠁣󠁴󠁿'.repeat(bodyBytes / 43)],
    ['of halves of characters', '\uD83D \uDE00'.repeat(bodyBytes / 7)],
    [
      'of long words held together by joiners',
      Array.from({ length: 3_000 }, (_, i) =>
        `${(i + 46_656).toString(36).slice(-3)}${'ﷲ'.repeat(14)}\u200Cx`.replaceAll(
          /[0-9]/g,
          (d) => 'ghijklmnop'[Number(d)] as string,
        ),
      ).join(' '),
    ],
  ]
  for (const [what, text] of floods) {
    await t.test(`are a tsvector within two seconds of work, in a text ${what}`, async (t) => {
      const before = process.cpuUsage()
      const words = await format(text)
      const { user, system } = process.cpuUsage(before)
      t.ok((user + system) / 1_000 < 2_000, 'milliseconds of work')
      const { rows } = await stemmer.connection.query('select length($1::tsvector) as lexemes', [words])
      t.type(rows[0].lexemes, 'number')
    })

    await t.test(`are a tsvector, in a title ${what}, and what is found in the title is found`, async (t) => {
      const title = { en: text, de: 'Quetzal' }
      const [words] = await formatWords(stemmer, [{ lang: 'en', title, text: [] }])
      const query = await parseQuery(stemmer, 'quetzal')
      const isInTitle = await isFound(stemmer, words as Buffer, query?.titles[0] ?? '')
      t.ok(!isInTitle || (await isFound(stemmer, words as Buffer, query?.match ?? '')))
    })
  }

  await t.test('find the text again, whichever of them is typed', async (t) => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(...'aéß İıЁй評価ー안전กั้မြခ్షతा\u200C\u200D\u0301ـةي٤'), maxLength: 40 }),
    )
    const property = fc.asyncProperty(text, fc.nat(), async (written, pick) => {
      const tokens = tokenise(written)
      const token = tokens[pick % (tokens.length || 1)]
      if (!token) return
      const typed = prepare(written).slice(token.from, token.to)
      const query = await parseQuery(stemmer, typed)
      t.ok(
        query && (await isFound(stemmer, await format(written.replaceAll('\0', ' ')), query.match)),
        JSON.stringify([written, typed]),
      )
    })
    await fc.assert(property, { numRuns: 400, seed: 7 })
  })
})

t.test('the memory of stems', async (t) => {
  await t.test('keeps what is in use and no more than twice its size', async (t) => {
    const memory = createStemMemory(100)
    memory.keep('english_stem', 'refusals', 'refus')
    for (let i = 0; i < 10_000; i++) {
      memory.keep('english_stem', `flood${i}`, '')
      if (i % 50 === 0) t.equal(memory.recall('english_stem', 'refusals'), 'refus')
    }
    const kept = Array.from({ length: 10_000 }, (_, i) => memory.recall('english_stem', `flood${i}`)).filter(
      (stem) => stem !== undefined,
    )
    t.ok(kept.length <= 200, `${kept.length} are kept`)
  })
})
