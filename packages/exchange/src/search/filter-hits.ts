import { hash } from 'node:crypto'
import type { Marking } from '@concordance/protocol'
import { sql } from 'kysely'
import { isOpenTo } from '../access/is-open-to.ts'
import { mayOpen, type Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { isAbove } from '../sync/accept-entries.ts'
import type { Mirror } from '../sync/mirror.ts'
import type { ReadHit } from './hit.ts'

/**
 * What of a peer's hits the viewer may see here. The peer decides for this institute, this node for the person: by the
 * rule that holds for what came by sync, so that a record which the peer closed to us, or which is above what this node
 * accepts, is not shown for being found live, and a version of which the copy has a newer one is superseded. AMBER+STRICT is
 * in no search answer. Of what was taken back the statement is shown, where the answer says that it was.
 */
export async function filterHits<Hit extends ReadHit>(
  deps: Deps,
  viewer: Viewer,
  { log }: Pick<Mirror, 'log'>,
  hits: readonly Hit[],
): Promise<Hit[]> {
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const known = await listKnown(deps, viewer, log, hits, nowSeconds)
  return hits.flatMap((hit) => {
    const { is_revoked: isRevoked = false, is_taken_back: isTakenBack = false, mark = hit.mark } = known.get(hit) ?? {}
    const status = known.get(hit)?.is_superseded && hit.status === 'current' ? 'superseded' : hit.status
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
    return isShown ? [{ ...hit, mark, status }] : []
  })
}

interface Known {
  readonly is_revoked: boolean
  readonly is_taken_back: boolean
  readonly is_superseded: boolean
  readonly mark: Marking
}

/** What the copy of the peer's log says about each hit. */
async function listKnown(
  { db, pool }: Deps,
  viewer: Viewer,
  log: number,
  hits: readonly ReadHit[],
  nowSeconds: number,
): Promise<Map<ReadHit, Known>> {
  if (hits.length === 0) return new Map()
  const asked = hits.map(({ position, recordId, finding, version }) => {
    return { position, record_id: Buffer.from(recordId, 'base64url').toString('hex'), finding, version }
  })
  const query = sql`
    select hit.index::int, remarked.mark,
      exists (select from revoked where revoked.log = log.id and revoked.position = hit.position) as is_revoked,
      exists (select from withdrawn
        where withdrawn.log = log.id and withdrawn.record_id = decode(hit.record_id, 'hex')) as is_taken_back,
      exists (select from record newer where newer.log = log.id and newer.finding = hit.finding
        and newer.version > hit.version and ${isOpenTo(viewer, nowSeconds, 'newer')}) as is_superseded
    from rows from (jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
      as (position bigint, record_id text, finding uuid, version bigint)) with ordinality
      as hit (position, record_id, finding, version, index)
    join log on log.id = ${log}
    left join remarked on remarked.log = log.id and remarked.record_id = decode(hit.record_id, 'hex')`.compile(db)
  // Planned once a connection: it stands between the last answer and whoever waits.
  const { rows } = await pool.query<Omit<Known, 'mark'> & { index: number; mark: Marking | null }>({
    name: `known hits ${hash('sha256', query.sql, 'base64url')}`,
    text: query.sql,
    values: [...query.parameters],
  })
  return new Map(
    rows.flatMap(({ index, mark, ...row }) => {
      const hit = hits[index - 1]
      return hit ? [[hit, { ...row, mark: mark ?? hit.mark }]] : []
    }),
  )
}
