import fc from 'fast-check'
import t from 'tap'
import { facetLexemesOf, facetWord } from '../../src/search/facets.ts'
import { formatWords } from '../../src/search/format-words.ts'
import { parseQuery } from '../../src/search/query.ts'
import { makeSnippets } from '../../src/search/snippet.ts'
import { encodeTsvector } from '../../src/search/tsvector.ts'
import { countStatements, isFound, openStemmer } from '../support/stemmer.ts'

t.test('a query', async (t) => {
  const stemmer = await openStemmer(t)

  const finds = async (typed: string, lang: string, text: string) => {
    const query = await parseQuery(stemmer, typed)
    const [words] = await formatWords(stemmer, [{ lang, title: {}, text: [{ text }] }])
    const found = query !== undefined && (await isFound(stemmer, words as Buffer, query.match))
    const [snippet] = await makeSnippets(stemmer, query?.highlight ?? [], [[{ lang, text }]])
    return {
      found,
      marked: snippet?.marks.map(({ from, to }) => snippet.text.slice(from, to)),
    }
  }

  const found: [typed: string, lang: string, text: string, marked: string[]][] = [
    ['refusal', 'en', 'Most refusals held.', ['refusals']],
    ['policies', 'en', 'One policy fits.', ['policy']],
    ['évaluation', 'fr', 'Les évaluations', ['évaluations']],
    ['evaluation', 'fr', 'Les ÉVALUATIONS', ['ÉVALUATIONS']],
    ["l'évaluation", 'fr', 'Une évaluation', ['évaluation']],
    ['безопасность', 'ru', 'о безопасности моделей', ['безопасности']],
    ['تقييم', 'ar', 'هذا التقييم جديد', ['التقييم']],
    ['ارزیابی', 'fa', 'نتیجهٔ ارزیابي‌ها', ['ارزیابي']],
    ['آزمون ها', 'fa', 'آزمون‌ها', ['آزمون', 'ها']],
    ['آزمونها', 'fa', 'آزمون‌ها', ['آزمون']],
    ['آزمون', 'fa', 'آزمونها', ['آزمونها']],
    ['آزمونها', 'fa', 'آزمون ها', ['آزمون']],
    ['می کند', 'fa', 'میکند', ['میکند']],
    ['میکند', 'fa', 'می کند', ['می']],
    ['می‌کند', 'fa', 'نمی کند، می کند', ['می', 'کند']],
    ['安全', 'zh', '人工智能安全评估', ['安全']],
    ['安', 'zh', '平安', ['安']],
    ['評価', 'ja', '方言を含む評価項目', ['評価']],
    ['평가를', 'ko', '안전평가는 어렵다', ['평가']],
    ['ปลอดภัย', 'th', 'ความปลอดภัยของระบบ', ['ปลอดภัย']],
    ['భద్రత', 'te', 'భద్రతా పరీక్షలు', ['భద్రతా']],
    ['gpt4o', 'en', 'with GPT-4o', ['GPT', '4o']],
    ['GPT-4o', 'en', 'with gpt4o', ['gpt4o']],
    ['"as it stands"', 'en', 'just as it stands here', ['as', 'it', 'stands']],
    ['refus*', 'en', 'a refusenik', ['refusenik']],
    ['dog OR cat', 'en', 'a cat', ['cat']],
    ['dog cat OR bird', 'en', 'a dog and a bird', ['dog', 'bird']],
    ['cat -dog', 'en', 'a cat', ['cat']],
    ['ﬁne ½', 'en', 'Ｆｉｎｅ… 1⁄2', ['Ｆｉｎｅ', '1', '2']],
  ]
  for (const [typed, lang, text, marked] of found) {
    await t.test(`${typed} finds ${text}`, async (t) => {
      t.same(await finds(typed, lang, text), { found: true, marked })
    })
  }

  const missed: [typed: string, lang: string, text: string][] = [
    ['"refusal"', 'en', 'Most refusals held.'],
    ['"it as"', 'en', 'just as it stands'],
    ['cat -dog', 'en', 'a cat and a dog'],
    ['-cat', 'en', 'a cat'],
    ['dog cat OR bird', 'en', 'a bird'],
    ['安性', 'zh', '安全性'],
    ['nation', 'en', 'an explanation'],
  ]
  for (const [typed, lang, text] of missed) {
    await t.test(`${typed} does not find ${text}`, async (t) => {
      t.equal((await finds(typed, lang, text)).found, false)
    })
  }

  await t.test('never asks for a facet, which stand among the words', async (t) => {
    const words = encodeTsvector(new Map(facetLexemesOf({ subject: 'model a' }).map((lexeme) => [lexeme, []])))
    for (const typed of ['subject*', 'subject:model', '"subject model a"', ':subj*', 'mod*', 'a']) {
      const query = await parseQuery(stemmer, typed)
      t.equal(await isFound(stemmer, words, query?.match ?? ''), false, typed)
    }
    t.equal(await isFound(stemmer, words, facetWord('subject', 'model a')), true)
  })

  await t.test('of nothing that search can look for is no query', async (t) => {
    for (const typed of ['', ' ', '!!!', '"', '-', '*', '""', 'OR', '🙂', '\u202E', '\uD800']) {
      t.equal(await parseQuery(stemmer, typed), undefined, typed)
    }
  })
})

t.test('what is typed costs the same', async (t) => {
  const stemmer = countStatements(await openStemmer(t))
  const statementsFor = async (typed: string) => {
    const before = stemmer.statements.length
    await parseQuery(stemmer, typed)
    return stemmer.statements.length - before
  }

  await t.test('whether somebody typed it before or not', async (t) => {
    t.same([await statementsFor('refusals'), await statementsFor('refusals')], [1, 1])
  })

  await t.test('whether it stands in a record or not', async (t) => {
    await formatWords(stemmer, [{ lang: 'el', title: {}, text: [{ text: 'ασφάλεια' }] }])
    t.same([await statementsFor('ασφάλεια'), await statementsFor('αξιολόγηση')], [1, 1])
  })
})

t.test('four hundred letters of anything', async (t) => {
  const stemmer = await openStemmer(t)
  const hostile = [
    "' | '",
    "a'b\\c:*&|!()<->",
    '\\',
    '((((((',
    ':*ABCD',
    '<2>',
    '%_',
    "'; drop table record; --",
    '"'.repeat(400),
    '"" '.repeat(130),
    '-'.repeat(400),
    '- '.repeat(200),
    '--a '.repeat(100),
    'OR '.repeat(130),
    'a OR '.repeat(80),
    'a* '.repeat(130),
    'ab* '.repeat(100),
    '1* '.repeat(130),
    'a b c d e f g h i j '.repeat(20),
    'x'.repeat(400),
    '0'.repeat(400),
    'a1'.repeat(200),
    'ß'.repeat(400),
    'ﷺ'.repeat(400),
    '安'.repeat(400),
    '안을'.repeat(200),
    'กั'.repeat(200),
    'a\u200C'.repeat(200),
    'می '.repeat(130),
    'ها '.repeat(130),
    `a${'\u0301'.repeat(399)}`,
    `"${'l’'.repeat(199)}`,
    '\u202E\u2066'.repeat(200),
    '\uD83D'.repeat(400),
    '(a+)+$'.repeat(60),
    'a'.repeat(1_000_000),
    '"a '.repeat(300_000),
  ]
  for (const [number, typed] of hostile.entries()) {
    await t.test(
      `cost next to nothing and stay a query (${number}: ${JSON.stringify(typed.slice(0, 12))}…)`,
      async (t) => {
        const before = process.cpuUsage()
        const query = await parseQuery(stemmer, typed)
        const { user, system } = process.cpuUsage(before)
        t.ok((user + system) / 1_000 < 250, 'milliseconds of work')
        const { rows } = await stemmer.connection.query(
          `select to_tsvector('simple', 'a b c') @@ $1::tsquery is not null as answered`,
          [query?.match ?? ''],
        )
        t.same(rows, [{ answered: true }])
      },
    )
  }
})

t.test('whatever is typed or written', async (t) => {
  const stemmer = await openStemmer(t)
  const text = fc.string({ unit: 'binary', maxLength: 120 }).filter((typed) => !typed.includes('\0'))
  const nasty = fc.oneof(text, fc.stringMatching(/^["'\\&|!():*<>\- a-zéß評価ก\u200cORم]{0,40}$/))

  await t.test('is a query and a document that PostgreSQL understands', async (t) => {
    const property = fc.asyncProperty(nasty, async (typed) => {
      const query = await parseQuery(stemmer, typed)
      const [words] = await formatWords(stemmer, [{ lang: 'en', title: { en: typed }, text: [{ text: typed }] }])
      const { rows } = await stemmer.connection.query(
        'select $1::tsvector is not null as words, $2::tsquery is not null as match, $3::tsquery[] is not null as titles',
        [words, query?.match ?? null, query?.titles ?? null],
      )
      t.same(rows, [{ words: true, match: query !== undefined, titles: query !== undefined }])
    })
    await fc.assert(property, { numRuns: 300, seed: 5 })
  })

  await t.test('ranks no record by its title that it does not match', async (t) => {
    const word = fc.constantFrom(
      'run',
      'running',
      'cat',
      'cats',
      'évaluations',
      '評価',
      '評価項目',
      'آزمون‌ها',
      'gpt4o',
      'GPT-4o',
    )
    const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => list.join(' '))
    const term = fc.oneof(
      word,
      words.map((quoted) => `"${quoted}"`),
      word.map((begin) => `${begin.slice(0, 2)}*`),
      word.map((absent) => `-${absent}`),
    )
    const query = fc
      .array(fc.tuple(term, fc.constantFrom(' ', ' OR ')), { minLength: 1, maxLength: 3 })
      .map((list) => list.flat().slice(0, -1).join(''))
    let ranked = 0
    const property = fc.asyncProperty(query, words, words, async (typed, title, text) => {
      const parsed = await parseQuery(stemmer, typed)
      const [record] = await formatWords(stemmer, [{ lang: 'en', title: { en: title }, text: [{ text }] }])
      const { rows } = await stemmer.connection.query<{ matches: boolean }>(
        'select $1::tsvector @@ $2::tsquery as matches from unnest($3::tsquery[]) as title where $1::tsvector @@ title',
        [record, parsed?.match ?? null, parsed?.titles ?? []],
      )
      ranked += rows.length
      return rows.every(({ matches }) => matches)
    })
    await fc.assert(property, { numRuns: 600, seed: 6 })
    t.ok(ranked > 50, `${ranked} matches had something of it in their title`)
  })
})
