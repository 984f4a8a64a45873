import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { countValues, type Engine, type FacetSets, hitsShown } from './engine.ts'
import type { Question } from './questions.ts'
import { facetWord, listTexts, termsOf } from './texts.ts'

const setNames = ['head', 'system', 'test', 'risk', 'setting'] as const

/** SQLite with FTS5, in this process: its own order over all matches; no server, no rights, no snippets, no hits in full. */
export function buildSqlite(file: string, count: number): Engine {
  rmSync(file, { force: true })
  const db = new DatabaseSync(file)
  db.exec(`
    pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -524288;
    create virtual table words using fts5(title, text, facets, content = '', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'");
    create table doc (id integer primary key, title text, head int, system int, test int, risk int, setting int);
    begin`)
  const addWords = db.prepare('insert into words (rowid, title, text, facets) values (?, ?, ?, ?)')
  const addDoc = db.prepare('insert into doc values (?, ?, ?, ?, ?, ?, ?)')
  const known: FacetSets = new Map()
  for (const { id, title, text, facets, sets } of listTexts(count, known)) {
    addWords.run(id, title, text, facets.join(' '))
    addDoc.run(id, title, ...sets)
  }
  db.exec(`commit; insert into words (words) values ('optimize')`)
  const first = db.prepare(`
    select doc.id, doc.title, rank from (
      select rowid, rank from words where words match ? and rank match 'bm25(4, 1, 0)' order by rank limit ${hitsShown}
    ) first join doc on doc.id = first.rowid order by rank`)
  const counts = db.prepare(`
    with matched as materialized (select ${setNames} from words join doc on doc.id = words.rowid where words match ?)
    ${setNames.map((set, i) => `select ${i} as kind, ${set} as id, count(*) as count from matched group by 2`).join(' union all ')}`)
  return {
    name: 'SQLite FTS5',
    async ask(question) {
      const query = formatQuery(question)
      const started = performance.now()
      first.all(query)
      const found = counts.all(query) as { kind: number; id: number; count: number }[]
      countValues(
        known,
        found.map(({ id, count }) => [id, count] as const),
      )
      const tookMs = performance.now() - started
      return { matched: found.reduce((sum, { kind, count }) => sum + (kind === 0 ? count : 0), 0), tookMs }
    },
    async close() {
      db.close()
      rmSync(file, { force: true })
    },
  }
}

function formatQuery(question: Question): string {
  const { join, filter } = question
  const terms = termsOf(question)
  const phrases = join === 'phrase' ? [terms.flat()] : terms
  const words = phrases.map((phrase) => `"${phrase.join(' ')}"`).join(join === 'or' ? ' OR ' : ' AND ')
  return filter ? `(${words}) AND facets : "${facetWord(filter.name, filter.value)}"` : words
}
