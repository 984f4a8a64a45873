import type { RecordView, SearchFilters } from '@concordance/protocol'
import { sql } from 'kysely'
import { asViewer } from './access/as-viewer.ts'
import { isOpenTo } from './access/is-open-to.ts'
import type { Viewer } from './access/may-open.ts'
import { planIsKept } from './database/keep-plans.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import { viewsOf } from './records.ts'
import { selectOpen } from './select-open.ts'

/** A record that was taken back, of which the viewer may see the statement. */
export interface Withdrawn {
  readonly record: RecordView
  /** Seconds since the epoch: of the withdrawal where the viewer may know of it, else of the record itself. */
  readonly when: number
}

/**
 * Records that were taken back, the last one first. They are chosen by what stands in their statements alone: by words and
 * whatever else a closed body holds, the choice itself would tell what was in it.
 *
 * @param filters Of a search; those that look into a body, and its status, say nothing here.
 * @param limit At least 1.
 */
export async function listWithdrawn(
  deps: Deps,
  viewer: Viewer,
  { iss, type, tlp, year, since, until }: SearchFilters,
  limit: number,
): Promise<Withdrawn[]> {
  const byStatement = { ...(iss && { iss }), ...(type && { type }), ...(tlp && { tlp }), status: 'withdrawn' as const }
  const earliest = Math.max(startOf(since ?? '1970-01-01'), year === undefined ? 0 : startOf(`${year}-01-01`))
  const latest = Math.min(endOf(until ?? '9999-12-31'), endOf(`${year ?? 9999}-12-31`))
  const isInSpan = since !== undefined || until !== undefined || year !== undefined
  const when = sql<number>`coalesce(${withdrawnAt(deps, viewer)}, record.iat)`
  return asViewer(deps, viewer, async (db) => {
    const query = selectOpen(deps, db, viewer, byStatement)
      .select(when.as('withdrawn_at'))
      // A span that nobody asked for would have them looked up by time, one after the other.
      .$if(isInSpan, (some) => some.where('record.iat', '>=', earliest).where('record.iat', '<', latest))
      .orderBy('withdrawn_at', 'desc')
      .orderBy('record.log')
      .orderBy('record.position', 'desc')
      .limit(limit)
    const hasFewShapes = !isInSpan && iss === undefined && type === undefined && tlp === undefined
    const rows = await (hasFewShapes ? query.modifyEnd(planIsKept) : query).execute()
    const views = await viewsOf(deps, db, viewer, rows)
    return rows.flatMap(({ withdrawn_at }, index) => {
      const record = views[index]
      return record ? [{ record, when: Number(withdrawn_at) }] : []
    })
  })
}

/** Time of the withdrawal; null where that is closed to the viewer, or cannot be interpreted. */
function withdrawnAt({ now }: Deps, viewer: Viewer) {
  return sql<number | null>`(select withdrawal.iat from withdrawn
    join record withdrawal on withdrawal.log = withdrawn.log and withdrawal.position = withdrawn.position
    where withdrawn.log = record.log and withdrawn.record_id = record.record_id
      and ${isOpenTo(viewer, Math.floor(now().getTime() / 1_000), 'withdrawal')})`
}

/** Of a day, UTC, as seconds since the epoch. @throws {ExchangeError} `invalid`. */
function startOf(day: string): number {
  const ms = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(ms)) throw new ExchangeError('invalid', 'there is no such day')
  return ms / 1_000
}

function endOf(day: string): number {
  return startOf(day) + 24 * 3_600
}
