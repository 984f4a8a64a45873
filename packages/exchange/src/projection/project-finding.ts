import { type RawBuilder, sql } from 'kysely'
import { ownIsOpenTo } from '../access/is-open-to.ts'
import type { Viewer } from '../access/may-open.ts'
import { planIsKept } from '../database/keep-plans.ts'
import type { Deps } from '../deps.ts'
import { projectBatch } from './project-log.ts'

/**
 * Puts every version of one of our own findings that is open to the viewer into the projection, if it is not there yet,
 * with all entries before it: the projection stands back while publishers are busy, and still whoever has published
 * something reads it at once. Does nothing for findings of others. What is closed takes no longer than what never was.
 *
 * @param of A finding, or the id of one record of it.
 */
export async function projectFinding(
  deps: Deps,
  viewer: Viewer,
  of: { finding: string } | { recordId: Buffer },
): Promise<void> {
  const finding = 'finding' in of ? sql`${of.finding}::uuid` : findingOf(of.recordId)
  const behind = await findBehind(deps, viewer, finding)
  if (!behind) return
  for (;;) {
    const projected = await projectBatch(deps, behind.log, { wait: true })
    if (!projected || projected.to > behind.position) return
  }
}

function findingOf(recordId: Buffer): RawBuilder<unknown> {
  return sql`(select own_record.finding from entry join own_record on own_record.position = entry.position
    where entry.record_id = ${recordId} and entry.log = (select id from log where is_own))`
}

/**
 * The last version open to the viewer that is in our log and not in the projection. Versions come first and by themselves:
 * asked for the newest position at once, PostgreSQL would look through the log from its end.
 */
async function findBehind({ db, now }: Deps, viewer: Viewer, finding: RawBuilder<unknown>) {
  const nowSeconds = Math.floor(now().getTime() / 1_000)
  const { rows } = await sql<{ log: number; position: number }>`
    with version as materialized (
      select position from own_record where finding = ${finding} and ${ownIsOpenTo(viewer, nowSeconds)})
    select log.id as log, version.position from version
    join log on log.is_own
    left join projection on projection.log = log.id
    where version.position >= coalesce(projection.position, 0)
    order by version.position desc limit 1 ${planIsKept}`.execute(db)
  return rows[0]
}
