import { type Deps, projectAll } from '@concordance/exchange'
import t from 'tap'
import { composeRecord } from '../../packages/exchange/src/compose-record.ts'
import { uuidv7 } from '../../packages/exchange/src/keys/uuid.ts'
import { searchLocal } from '../../packages/exchange/src/search/search-local.ts'
import { call, openInstitute } from '../../packages/exchange/test/support/institute.ts'
import { type Document, readCorpus } from './corpus.ts'
import { queries, type RetrievalQuery } from './queries.ts'

const reader = { kind: 'person', subject: 'ada', staff: true } as const

/** One language of the report; counts of records. */
interface Tally {
  queries: number
  expected: number
  found: number
  /** Found in the language of the query. */
  returned: number
  /** Found in others: a word may be written alike there. */
  elsewhere: number
}

t.test('retrieval', async (t) => {
  const { deps } = await openInstitute(t)
  const corpus = await readCorpus()
  const documents = await publishAll(deps, corpus)
  await projectAll(deps)

  await t.test('is asked at least 120 questions in at least 12 languages', async (t) => {
    t.ok(queries.length >= 120)
    t.ok(new Set(queries.map(({ lang }) => lang)).size >= 12)
  })

  const tallies = new Map<string, Tally>()
  for (const query of queries) {
    await t.test(`${query.lang}: ${query.q} finds every record that a reader finds`, async (t) => {
      const expected = expectedOf(corpus, query)
      t.not(expected.length, 0, 'somebody can find something')
      const { hits } = await searchLocal(deps, reader, { filters: { q: query.q }, limit: 200 })
      const found = hits.map(({ recordId }) => documents.get(recordId) as Document)
      const own = found.filter(({ part }) => part === query.lang)
      t.same(
        expected.filter((document) => !found.includes(document)).map(({ id }) => id),
        [],
      )
      const wrong = own.filter((document) => !expected.includes(document))
      if (wrong.length > 0) t.comment(`also ${wrong.map(({ id }) => id).join(' ')}`)
      const tally = tallies.get(query.lang) ?? { queries: 0, expected: 0, found: 0, returned: 0, elsewhere: 0 }
      tallies.set(query.lang, {
        queries: tally.queries + 1,
        expected: tally.expected + expected.length,
        found: tally.found + expected.filter((document) => found.includes(document)).length,
        returned: tally.returned + own.length,
        elsewhere: tally.elsewhere + found.length - own.length,
      })
    })
  }

  await t.test('returns at least nine right answers of ten, in the language of the question', async (t) => {
    const { expected, returned } = sumOf(tallies)
    t.ok(expected / returned >= 0.9)
  })

  for (const row of report(tallies)) t.comment(row)
})

/** @returns the documents by record id. */
async function publishAll(deps: Deps, corpus: readonly Document[]): Promise<Map<string, Document>> {
  const published = new Map<string, Document>()
  for (let i = 0; i < corpus.length; i += atOnce) {
    await Promise.all(
      corpus.slice(i, i + atOnce).map(async (document) => {
        const record = await composeRecord(deps, { ...document.input, rel: [], finding: uuidv7(deps), version: 1 })
        const { recordId } = await deps.writer.append({ ...record, actor: call().actor })
        published.set(recordId, document)
      }),
    )
  }
  await deps.writer.seal()
  return published
}

const atOnce = 100

/** By reading alone: what stands in the text, letter by letter. */
function expectedOf(corpus: readonly Document[], { lang, words, articles }: RetrievalQuery): Document[] {
  return corpus.filter(
    ({ part, id, text }) =>
      part === lang &&
      (articles?.includes(Number(id)) ??
        words?.some((word) => ` ${text.normalize('NFC')} `.includes(word.normalize('NFC')))),
  )
}

/** Rows of a table: of what has to be found how much was, and of what was found in the language how much had to be. */
function report(tallies: ReadonlyMap<string, Tally>): string[] {
  const row = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).padStart(9)).join(' | ')} |`
  const share = (part: number, whole: number) => (whole === 0 ? '–' : (part / whole).toFixed(3))
  return [
    row(['language', 'queries', 'expected', 'recall', 'precision', 'elsewhere']),
    ...[...tallies, ['all', sumOf(tallies)] as const].map(
      ([name, { queries: asked, expected, found, returned, elsewhere }]) =>
        row([name, asked, expected, share(found, expected), share(found, returned), elsewhere]),
    ),
  ]
}

function sumOf(tallies: ReadonlyMap<string, Tally>): Tally {
  const sum: Tally = { queries: 0, expected: 0, found: 0, returned: 0, elsewhere: 0 }
  for (const tally of tallies.values()) {
    for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key]
  }
  return sum
}
