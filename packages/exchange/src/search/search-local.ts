import { setImmediate as whenIdle } from 'node:timers/promises'
import type { SearchFilters, SearchHit, SearchResult } from '@concordance/protocol'
import { type Kysely, sql } from 'kysely'
import { asViewer } from '../access/as-viewer.ts'
import type { Viewer } from '../access/may-open.ts'
import { planIsKept } from '../database/keep-plans.ts'
import type { Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { viewsOf } from '../records.ts'
import { isAmong, selectOpen } from '../select-open.ts'
import { cellBytes, type Place } from './cells.ts'
import { choosePage } from './choose-page.ts'
import { describeRecord } from './describe-record.ts'
import { countFacets } from './facets.ts'
import { findMatches, type Matches } from './find-matches.ts'
import { readFreshness, showFreshness } from './freshness.ts'
import { type Highlight, type ParsedQuery, parseQuery } from './query.ts'
import { makeSnippets, type OpenText } from './snippet.ts'

export interface LocalQuestion {
  readonly filters: SearchFilters
  /** 1 to 200. */
  readonly limit: number
  /** As the page before gave it. */
  readonly cursor?: string
  /** `relevance` where absent; without words there is none, and the newest come first. */
  readonly sort?: 'relevance' | 'newest'
  /** Count the values of every facet; false where absent. */
  readonly facets?: boolean
}

export type LocalResult = Pick<SearchResult, 'hits' | 'next' | 'matched' | 'facets' | 'freshness'>

/**
 * Searches everything copied here that is open to the viewer. What is closed takes no part in matches, counts or order.
 *
 * @throws {ExchangeError} `invalid` for a cursor that no page gave.
 */
export async function searchLocal(deps: Deps, viewer: Viewer, question: LocalQuestion): Promise<LocalResult> {
  const { filters, facets: isCounting = false } = question
  const stemmer = { memory: deps.stems, connection: deps.pool }
  const parsed = filters.q === undefined ? undefined : parseQuery(stemmer, filters.q)
  const found = asViewer(deps, viewer, async (db) => {
    const words = await parsed
    const matches = parsed && !words ? none : await match(deps, db, viewer, question, words)
    return show(deps, db, viewer, question, { matches, highlight: words?.highlight })
  })
  const [{ facets, ...shown }, freshness] = await Promise.all([found, readFreshness(deps), parsed])
  const issuers = new Set(facets.iss?.map(({ value }) => value))
  return {
    ...shown,
    facets: isCounting ? facets : {},
    freshness: showFreshness(freshness, viewer, issuers),
  }
}

const none: Matches = {
  cells: Buffer.alloc(0),
  ranked: undefined,
  status: { current: 0, superseded: 0, withdrawn: 0 },
}

function match(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  { filters, sort }: LocalQuestion,
  words: ParsedQuery | undefined,
): Promise<Matches> {
  const asked = words && { match: words.match, titles: sort === 'newest' ? [] : words.titles }
  return findMatches(deps, db, viewer, filters, asked)
}

async function show(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  { cursor, limit }: LocalQuestion,
  { matches, highlight }: { matches: Matches; highlight: Highlight | undefined },
) {
  const { places, next } = choosePage(matches, { cursor, limit })
  // While the database reads what is shown.
  const counted = whenIdle().then(() => countFacets(deps, matches.cells, matches.status))
  counted.catch(() => undefined) // heard of below
  const hits = await readHits(deps, db, viewer, places, highlight)
  const matched = matches.cells.length / cellBytes
  return { hits, ...(next !== undefined && { next }), matched, facets: await counted }
}

/** What is shown of each place, in the given order, with the part of it that the words were found in. */
async function readHits(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  places: readonly Place[],
  highlight: Highlight | undefined,
): Promise<SearchHit[]> {
  if (places.length === 0) return []
  const rows = inOrderOf(places, await selectHits(deps, db, viewer, places).execute())
  const views = await viewsOf(deps, db, viewer, rows)
  if (highlight === undefined) return views
  const stemmer = { memory: deps.stems, connection: deps.pool }
  const snippets = await makeSnippets(stemmer, highlight, rows.map(textsOf))
  return views.map((view, i) => ({ ...view, ...(snippets[i] && { snippet: snippets[i] }) }))
}

/** Asked for each hit by its key: as a join it would be planned for all records. */
const bodyOf = sql<string | null>`(select convert_from(opening.body, 'UTF8') from opening
  where opening.log = record.log and opening.position = record.position)`

function selectHits(deps: Deps, db: Kysely<Tables>, viewer: Viewer, places: readonly Place[]) {
  return selectOpen(deps, db, viewer, {})
    .select(bodyOf.as('body'))
    .where(isAmong('record', places))
    .modifyEnd(planIsKept)
}

type Located = Pick<Place, 'log' | 'position'>

function keyOf({ log, position }: Located): string {
  return `${log} ${position}`
}

function inOrderOf<Row extends Located>(places: readonly Place[], rows: readonly Row[]): Row[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]))
  return places.flatMap((place) => byKey.get(keyOf(place)) ?? [])
}

/** What a title says stands beside the snippet already, so the text comes first. */
function textsOf({ type, lang, body }: { type: string; lang: string; body: string | null }): OpenText[] {
  const { title, text } = describeRecord(type, body)
  return [
    ...text.map((part) => ({ lang: part.lang ?? lang, text: part.text })),
    ...Object.entries(title).map(([lang, text]) => ({ lang, text })),
  ]
}
