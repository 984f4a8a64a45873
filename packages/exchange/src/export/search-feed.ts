import type { SearchFilters } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { searchLocal } from '../search/search-local.ts'
import { listWithdrawn } from '../withdrawn.ts'
import { formatAtom } from './atom.ts'
import { describeSearch, pathOf } from './search-words.ts'
import type { TextFile } from './text-file.ts'

/** Newest entries of a feed, and tombstones beside them. */
export const feedEntriesAtMost = 50

/**
 * The newest of what a search finds, as a feed, with tombstones for what was taken back.
 *
 * @throws {ExchangeError} `invalid` for a day that does not exist.
 */
export async function feedSearch(deps: Deps, viewer: Viewer, filters: SearchFilters): Promise<TextFile> {
  const { iss, base } = deps.identity
  const { hits } = await searchLocal(deps, viewer, { filters, sort: 'newest', limit: feedEntriesAtMost })
  const text = formatAtom({
    self: base + pathOf('/v1/search/feed', filters),
    search: describeSearch(filters),
    iss,
    base,
    entries: hits.filter(({ status }) => status !== 'withdrawn'),
    deleted: await listWithdrawn(deps, viewer, filters, feedEntriesAtMost),
  })
  return { text, mediaType: 'application/atom+xml', fileName: 'concordance-search.atom' }
}
