import pg from 'pg'
import { facetWord } from '../../../packages/exchange/src/search/facets.ts'
import { parseQuery } from '../../../packages/exchange/src/search/query.ts'
import { createStemMemory } from '../../../packages/exchange/src/search/stem.ts'
import { countValues, type Engine, type FacetSets, hitsShown } from './engine.ts'
import { formatTyped } from './node.ts'

/**
 * The best statement that we know for the same answer, over one table of the very words that a node has indexed: no API, no
 * rights, no hits in full. Words stand out of line, so that the table which is counted over is narrow.
 */
export async function buildPlainSql(connectionString: string): Promise<Engine> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`
    create schema plain;
    create table plain.doc (id int primary key, iat bigint, head int, system int, test int, risk int, setting int, words tsvector)
      with (toast_tuple_target = 128);
    alter table plain.doc alter words set storage external;
    insert into plain.doc
      select row_number() over (order by iat), iat, head, system, test, risk, setting, words
      from search_entry;
    create index on plain.doc using gin (words) with (fastupdate = off);
    set work_mem = '64MB'`)
  await client.query('vacuum analyze plain.doc')
  const { rows: kept } = await client.query<{ id: number; facets: object }>('select id, facets from facet_set')
  const known = new Map(kept.map(({ id, facets }) => [id, facets])) as FacetSets
  const stemmer = { memory: createStemMemory(), connection: client }
  return {
    name: 'plain SQL',
    async ask(question) {
      const words = await parseQuery(stemmer, formatTyped(question))
      const filter = question.filter ? ` & ${facetWord(question.filter.name, question.filter.value)}` : ''
      const match = client.escapeLiteral(`(${words?.match})${filter}`)
      const rank = client.escapeLiteral(words?.match ?? '')
      const started = performance.now()
      const { rows } = await client.query<{ kind: number; id: number; count: string }>(`
        with matched as materialized (
          select id, iat, head, system, test, risk, setting from plain.doc where words @@ ${match}::tsquery
        ), newest as (
          select id from matched order by iat desc limit ${rankedAtMost}
        ), first as (
          select id, ts_rank('{0.1, 0.2, 0.6, 1}', words, ${rank}::tsquery) as rank
          from newest join plain.doc using (id) order by rank desc, id desc limit ${hitsShown}
        )
        select 0 as kind, id, rank as count from first
        union all
        select grouping(head, system, test, risk, setting), coalesce(head, system, test, risk, setting), count(*) from matched
        group by grouping sets ((head), (system), (test), (risk), (setting))`)
      countValues(
        known,
        rows.filter(({ kind }) => kind > 0).map(({ id, count }) => [id, Number(count)] as const),
      )
      const tookMs = performance.now() - started
      const ofHeads = rows.filter(({ kind }) => kind === allButHead)
      return { matched: ofHeads.reduce((sum, { count }) => sum + Number(count), 0), tookMs }
    },
    async close() {
      await client.query('drop schema plain cascade')
      await client.end()
    },
  }
}

/** So many of the newest matches are ranked: to rank them all took several times as long. */
const rankedAtMost = 1_000
/** What `grouping` says of rows that are grouped by the first column alone. */
const allButHead = 0b01111
