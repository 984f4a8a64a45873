import type { SearchHit } from '@concordance/protocol'
import type { Viewer } from '../../src/access/may-open.ts'
import type { Deps } from '../../src/deps.ts'
import { searchLocal } from '../../src/search/search-local.ts'

/** What a viewer finds here, best first. */
export async function searchFor(deps: Deps, viewer: Viewer, q: string): Promise<SearchHit[]> {
  return (await searchLocal(deps, viewer, { filters: { q }, limit: 10 })).hits
}
