import { hash } from 'node:crypto'
import type { Marking } from '@concordance/protocol'
import { sql } from 'kysely'
import { isOpenTo } from '../access/is-open-to.ts'
import { mayOpen, type Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { isAbove } from '../sync/accept-entries.ts'
import type { ReadHit } from './hit.ts'

/** Hits of one peer, and its log as it is known here. */
export interface HitsOfLog<Hit extends ReadHit> {
  readonly log: number
  readonly hits: readonly Hit[]
}

/**
 * What of peers' hits the viewer may see here. The peer decides for this institute, this node for the person: by the
 * rule that holds for what came by sync, so that a record which the peer closed to us, or which is above what this node
 * accepts, is not shown for being found live, and a version of which the copy has a newer one is superseded. AMBER+STRICT is
 * in no search answer. Of what was taken back the statement is shown, where the answer says that it was.
 *
 * @returns one list for each that is given.
 */
export async function filterHits<Hit extends ReadHit>(
  deps: Deps,
  viewer: Viewer,
  sent: readonly HitsOfLog<Hit>[],
): Promise<Hit[][]> {
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const known = await listKnown(deps, viewer, sent, nowSeconds)
  return sent.map(({ hits }) => hits.flatMap((hit) => showHit(deps, viewer, hit, known.get(hit), nowSeconds) ?? []))
}

/** Undefined where it is not shown. */
function showHit<Hit extends ReadHit>(
  { accepts }: Pick<Deps, 'accepts'>,
  viewer: Viewer,
  hit: Hit,
  known: Known | undefined,
  nowSeconds: number,
): Hit | undefined {
  const mark = known?.mark ?? hit.mark
  if (mark.tlp === 'AMBER+STRICT' || isAbove(mark.tlp, accepts)) return undefined
  const isWithdrawn = hit.status === 'withdrawn'
  const guarded = {
    isOwn: false,
    type: hit.type,
    mark,
    iat: hit.iat,
    isTakenBack: isWithdrawn || known?.is_taken_back === true,
    isRevoked: known?.is_revoked === true,
  }
  const openness = mayOpen(viewer, guarded, nowSeconds)
  const isShown = openness === 'open' || (openness === 'statement' && isWithdrawn && hit.state === 'statement')
  if (!isShown) return undefined
  const status = known?.is_superseded && hit.status === 'current' ? 'superseded' : hit.status
  return { ...hit, mark, status }
}

interface Known {
  readonly is_revoked: boolean
  readonly is_taken_back: boolean
  readonly is_superseded: boolean
  /** Null where nothing newer than the statement says it. */
  readonly mark: Marking | null
}

/** What the copies of the peers' logs say about those hits of which they say anything. */
async function listKnown(
  { db, pool }: Deps,
  viewer: Viewer,
  sent: readonly HitsOfLog<ReadHit>[],
  nowSeconds: number,
): Promise<Map<ReadHit, Known>> {
  const all = sent.flatMap(({ log, hits }) => hits.map((hit) => ({ log, hit })))
  if (all.length === 0) return new Map()
  const asked = all.map(({ log, hit: { position, recordId, finding, version } }) => {
    return { log, position, record_id: Buffer.from(recordId, 'base64url').toString('hex'), finding, version }
  })
  const query = sql`
    select * from (
      select hit.index::int,
        (select mark from remarked
          where remarked.log = log.id and remarked.record_id = decode(hit.record_id, 'hex') offset 0) as mark,
        exists (select from revoked where revoked.log = log.id and revoked.position = hit.position offset 0) as is_revoked,
        exists (select from withdrawn
          where withdrawn.log = log.id and withdrawn.record_id = decode(hit.record_id, 'hex') offset 0) as is_taken_back,
        exists (select from record newer where newer.log = log.id and newer.finding = hit.finding
          and newer.version > hit.version and ${isOpenTo(viewer, nowSeconds, 'newer')} offset 0) as is_superseded
      from rows from (jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        as (log smallint, position bigint, record_id text, finding uuid, version bigint)) with ordinality
        as hit (log, position, record_id, finding, version, index)
      join log on log.id = hit.log
      offset 0
    ) known
    where mark is not null or is_revoked or is_taken_back or is_superseded`.compile(db)
  // Planned once a connection: it stands between the last answer and whoever waits.
  const { rows } = await pool.query<Known & { index: number }>({
    name: `known hits ${hash('sha256', query.sql, 'base64url')}`,
    text: query.sql,
    values: [...query.parameters],
  })
  return new Map(
    rows.flatMap(({ index, ...known }) => {
      const of = all[index - 1]
      return of ? [[of.hit, known]] : []
    }),
  )
}
