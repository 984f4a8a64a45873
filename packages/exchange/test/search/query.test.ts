import fc from 'fast-check'
import pg from 'pg'
import t from 'tap'
import { createTestDatabase } from '../../../../test/support/database.ts'
import { formatWords, parseQuery } from '../../src/search/query.ts'
import { tokenise } from '../../src/search/tokenise.ts'

t.test('tokens', async (t) => {
  const cases: [text: string, tokens: string[]][] = [
    ['GPT-4o scored 0.75', ['gpt', '4o', 'scored', '0', '75']],
    ['Évaluation', ['evaluation']],
    ['Ｆｕｌｌ　ｗｉｄｔｈ', ['full', 'width']],
    ['安全性', ['安全', '全性']],
    ['AIの安全', ['ai', 'の安', '安全']],
    ['مُعْجَم', ['معجم']],
    ['كتاب کتاب', ['کتاب', 'کتاب']],
    ['می‌کند', ['میکند']],
    ['— … !', []],
  ]
  for (const [text, tokens] of cases) {
    await t.test(`of ${text} are ${tokens.join(' ') || 'none'}`, async (t) => {
      t.same(tokenise(text), tokens)
    })
  }
})

t.test('whatever is typed or written', async (t) => {
  const { url } = await createTestDatabase(t)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  const text = fc
    .string({ unit: 'binary', maxLength: 120 })
    .filter((typed) => typed.isWellFormed() && !typed.includes('\0'))
  const nasty = fc.oneof(text, fc.stringMatching(/^["'\\&|!():*<>\- a-zéß評価ก]{0,40}$/))

  await t.test('is a query and a document that PostgreSQL understands', async (t) => {
    const property = fc.asyncProperty(nasty, async (typed) => {
      const query = parseQuery(typed)
      const { rows } = await client.query(
        'select $1::tsvector is not null as words, $2::tsquery is not null as query',
        [formatWords([typed], [typed, typed]), query ?? null],
      )
      t.same(rows, [{ words: true, query: query !== undefined }])
    })
    await fc.assert(property, { numRuns: 200, seed: 5 })
  })

  await t.test('is found by itself, when it holds a word', async (t) => {
    const property = fc.asyncProperty(text, async (written) => {
      const query = parseQuery(`"${written.replaceAll('"', ' ')}"`)
      if (query === undefined) return
      const words = formatWords([], [written.replaceAll('"', ' ')])
      const { rows } = await client.query('select $1::tsvector @@ $2::tsquery as found', [words, query])
      t.equal(rows[0].found, true)
    })
    await fc.assert(property, { numRuns: 200, seed: 5 })
  })
})
