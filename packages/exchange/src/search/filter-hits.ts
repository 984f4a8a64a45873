import type { Marking, RecordView } from '@concordance/protocol'
import { mayOpen, type Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { isAbove } from '../sync/accept-entries.ts'
import type { Mirror } from '../sync/mirror.ts'

/**
 * What of a peer's hits the viewer may see here. The peer decides for this institute, this node for the person: by the
 * rule that holds for what came by sync, so that a record which the peer closed to us, or which is above what this node
 * accepts, is not shown for being found live. AMBER+STRICT is in no search answer. Of what was taken back the statement is
 * shown, where the answer says that it was.
 */
export async function filterHits(
  deps: Deps,
  viewer: Viewer,
  { log }: Pick<Mirror, 'log'>,
  hits: readonly RecordView[],
): Promise<RecordView[]> {
  const known = await listKnown(deps, log, hits)
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  return hits.flatMap((hit) => {
    const { is_revoked: isRevoked = false, is_taken_back: isTakenBack = false, mark = hit.mark } = known.get(hit) ?? {}
    if (mark.tlp === 'AMBER+STRICT' || isAbove(mark.tlp, deps.accepts)) return []
    const isWithdrawn = hit.status === 'withdrawn'
    const guarded = {
      isOwn: false,
      type: hit.type,
      mark,
      iat: hit.iat,
      isTakenBack: isTakenBack || isWithdrawn,
      isRevoked,
    }
    const openness = mayOpen(viewer, guarded, nowSeconds)
    const isShown = openness === 'open' || (openness === 'statement' && isWithdrawn && hit.state === 'statement')
    return isShown ? [{ ...hit, mark }] : []
  })
}

interface Known {
  readonly is_revoked: boolean
  readonly is_taken_back: boolean
  readonly mark: Marking
}

/** What the copy of the peer's log says about each hit. */
async function listKnown({ pool }: Deps, log: number, hits: readonly RecordView[]): Promise<Map<RecordView, Known>> {
  if (hits.length === 0) return new Map()
  const { rows } = await pool.query<{
    index: number
    is_revoked: boolean
    is_taken_back: boolean
    mark: Marking | null
  }>(
    `select index::int, remarked.mark,
       exists (select from revoked where revoked.log = $1 and revoked.position = hit.position) as is_revoked,
       exists (select from withdrawn where withdrawn.log = $1 and withdrawn.record_id = hit.record_id) as is_taken_back
     from unnest($2::bigint[], $3::bytea[]) with ordinality as hit (position, record_id, index)
     left join remarked on remarked.log = $1 and remarked.record_id = hit.record_id`,
    [log, hits.map(({ position }) => position), hits.map(({ recordId }) => Buffer.from(recordId, 'base64url'))],
  )
  return new Map(
    rows.flatMap(({ index, mark, ...row }) => {
      const hit = hits[index - 1]
      return hit ? [[hit, { ...row, mark: mark ?? hit.mark }]] : []
    }),
  )
}
