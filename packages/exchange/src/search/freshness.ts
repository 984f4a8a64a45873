import type { SearchResult } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'

type Freshness = SearchResult['freshness']

interface LogRow {
  readonly iss: string
  readonly is_own: boolean
  readonly size: number
  readonly indexed: number | null
  readonly checkpoint_iat: number | null
  readonly signed_at: number | null
}

/** How far the copy of each institute's log goes, how far search has read it, and when its checkpoint was signed. */
export async function readFreshness({ pool }: Pick<Deps, 'pool'>): Promise<LogRow[]> {
  const { rows } = await pool.query<LogRow>({
    name: 'read-freshness',
    text: `select log.iss, log.is_own, log.size, projection.indexed, peer.checkpoint_iat,
             (select iat from checkpoint where checkpoint.log = log.id and jws is not null order by size desc limit 1) as signed_at
           from log
           left join projection on projection.log = log.id
           left join peer on peer.iss = log.iss and not log.is_own
           order by log.is_own desc, log.iss`,
  })
  return rows
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
