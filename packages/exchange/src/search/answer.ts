import { encodeBase64url, hitsDigest, signAnswer } from '@concordance/protocol'
import { lengthOfFeed } from '../access/access-feed.ts'
import { asViewer } from '../access/as-viewer.ts'
import { recordDelivery } from '../access/deliveries.ts'
import type { PeerViewer } from '../access/may-open.ts'
import { getPeerViewer } from '../access/viewer.ts'
import type { Deps } from '../deps.ts'
import { getSealedCheckpoint } from '../log/checkpoints.ts'
import type { SearchQuestion } from '../sync/peer-calls.ts'
import { formatHit } from './hit.ts'
import { searchLocal } from './search-local.ts'

const hitsAtMost = 50

/**
 * Answers a peer's search: from our own log alone, what is open to the asking institute, never AMBER+STRICT or RED.
 * The answer has the same form whether closed matches exist or not, and says at which signed size it was given. Records it
 * holds stand in the delivery log before this returns.
 *
 * @throws {ExchangeError} `unavailable` before the first checkpoint is signed.
 */
export async function answerSearch(
  deps: Deps,
  asker: { readonly iss: string },
  { queryId, granularity, filters, limit = hitsAtMost }: SearchQuestion,
): Promise<{ answer: string; hits: string[] }> {
  const { size, root } = await getSealedCheckpoint(deps)
  const checkpoint = { size, root: encodeBase64url(root) }
  const viewer = await getPeerViewer(deps, asker.iss)
  const own = { ...filters, iss: deps.identity.iss, status: 'current' as const }
  const found = await searchLocal(deps, viewer, { filters: own, limit: 200 })
  const open = found.hits.filter(({ mark }) => mark.tlp !== 'AMBER+STRICT' && mark.tlp !== 'RED')
  const positions = open.slice(0, Math.min(limit, hitsAtMost)).map(({ position }) => position)
  const hits = granularity === 'full' ? await deliverHits(deps, viewer, positions) : []
  const { iss } = deps.identity
  const iat = Math.floor(deps.now().getTime() / 1_000)
  const matched = granularity === 'boolean' ? Math.min(open.length, 1) : open.length
  const said = { v: 1, iss, aud: asker.iss, queryId, granularity, matched, checkpoint, iat } as const
  const answer = await signAnswer({ ...said, status: 'ok', hits: hitsDigest(hits) }, deps.signers.log)
  return { answer, hits }
}

/** The records themselves, in the given order. */
async function deliverHits(deps: Deps, viewer: PeerViewer, positions: readonly number[]): Promise<string[]> {
  if (positions.length === 0) return []
  const accessAt = await lengthOfFeed(deps, viewer.iss)
  const lines = await readHits(deps, viewer, positions)
  await recordDelivery(deps, { peer: viewer.iss, kind: 'search', positions: [...lines.keys()], accessAt })
  return positions.flatMap((position) => lines.get(position) ?? [])
}

async function readHits(
  deps: Deps,
  viewer: PeerViewer,
  positions: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const rows = await asViewer(deps, viewer, (db) =>
    db
      .selectFrom('opening')
      .innerJoin('log', 'log.id', 'opening.log')
      .select(['opening.position', 'opening.statement', 'opening.body'])
      .where('log.is_own', '=', true)
      .where('opening.position', 'in', positions)
      .execute(),
  )
  return new Map(
    rows.map(({ position, statement, body }) => [
      position,
      formatHit({ position, statement: statement.toString('utf8'), body: body?.toString('utf8') ?? null }),
    ]),
  )
}
