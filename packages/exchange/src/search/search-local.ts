import type { SearchFilters, SearchHit, SearchResult } from '@concordance/protocol'
import { sql } from 'kysely'
import { asViewer } from '../access/as-viewer.ts'
import type { Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { viewsOf } from '../records.ts'
import { selectOpen } from '../select-open.ts'
import { parseQuery } from './query.ts'

export interface LocalQuestion {
  readonly filters: SearchFilters
  /** 1 to 200. */
  readonly limit: number
  /** As the page before gave it. */
  readonly cursor?: string
  /** `relevance` where absent. */
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
  const { q, type, iss, tlp, status } = question.filters
  const stemmer = { memory: deps.stems, connection: deps.pool }
  const words = q === undefined ? undefined : await parseQuery(stemmer, q)
  const none = { hits: [], matched: 0, facets: {}, freshness: [] }
  if (q !== undefined && words === undefined) return none
  return asViewer(deps, viewer, async (db) => {
    const filters = {
      ...(words !== undefined && { match: words.match }),
      ...(type !== undefined && { type }),
      ...(iss !== undefined && { iss }),
      ...(tlp !== undefined && { tlp }),
      ...(status !== undefined && { status }),
    }
    const rows = await selectOpen(deps, db, viewer, filters)
      .orderBy(words === undefined ? sql`1` : sql`ts_rank_cd(record.words, ${words.rank}::tsquery)`, 'desc')
      .orderBy('record.iat', 'desc')
      .orderBy('record.log')
      .orderBy('record.position', 'desc')
      .limit(question.limit)
      .execute()
    const hits: SearchHit[] = await viewsOf(deps, db, viewer, rows)
    return { ...none, hits, matched: hits.length }
  })
}
