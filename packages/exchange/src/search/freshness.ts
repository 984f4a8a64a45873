import type { SearchResult } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import { planIsKept } from '../database/keep-plans.ts'
import type { Deps } from '../deps.ts'

type Freshness = SearchResult['freshness']
type LogRow = Awaited<ReturnType<typeof readFreshness>>[number]

/** How far the copy of each institute's log goes, how far search has read it, and when its checkpoint was signed. */
export async function readFreshness({ db }: Pick<Deps, 'db'>) {
  return db
    .selectFrom('log')
    .leftJoin('projection', 'projection.log', 'log.id')
    .leftJoin('peer', (join) => join.onRef('peer.iss', '=', 'log.iss').on('log.is_own', '=', false))
    .select(['log.iss', 'log.is_own', 'log.size', 'projection.indexed', 'peer.checkpoint_iat'])
    .select(({ selectFrom }) =>
      selectFrom('checkpoint')
        .select('checkpoint.iat')
        .whereRef('checkpoint.log', '=', 'log.id')
        .where('checkpoint.jws', 'is not', null)
        .orderBy('checkpoint.size', 'desc')
        .limit(1)
        .as('signed_at'),
    )
    .orderBy('log.is_own', 'desc')
    .orderBy('log.iss')
    .modifyEnd(planIsKept)
    .execute()
}

/**
 * What of it a viewer is told: people of this institute all; anybody else of our own log, and of those that something open to
 * them came from.
 *
 * @param found Institutes of what matched.
 */
export function showFreshness(rows: readonly LogRow[], viewer: Viewer, found: ReadonlySet<string>): Freshness {
  const isShown = ({ iss, is_own }: { iss: string; is_own: boolean }) =>
    is_own || viewer.kind === 'person' || found.has(iss)
  return rows.filter(isShown).map(({ iss, size, indexed, checkpoint_iat, signed_at }) => {
    const asOf = checkpoint_iat ?? signed_at
    return { iss, size, searchable: Math.min(indexed ?? 0, size), ...(asOf !== null && { asOf }) }
  })
}
