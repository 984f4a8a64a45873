import type { RecordView } from '@concordance/protocol'
import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import { isOpenTo } from './access/is-open-to.ts'
import type { Viewer } from './access/may-open.ts'
import type { Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'

/** What a list is narrowed to; everything given must hold. */
export interface RecordFilters {
  readonly type?: string
  readonly iss?: string
  readonly tlp?: string
  readonly status?: 'current' | 'superseded' | 'withdrawn'
  readonly finding?: string
}

/** Records open to the viewer; what is closed takes no part in the query. */
export function selectOpen({ now }: Deps, db: Kysely<Tables>, viewer: Viewer, filters: RecordFilters) {
  const nowSeconds = Math.floor(now().getTime() / 1_000)
  const standing = standingFor(viewer, nowSeconds)
  return db
    .selectFrom('record')
    .innerJoin('log', 'log.id', 'record.log')
    .select(['record.log', 'record.position', 'record.record_id', 'record.iss', 'record.type', 'record.finding'])
    .select([
      'record.version',
      'record.iat',
      'record.lang',
      'record.mark',
      'record.title',
      'record.facets',
      'record.cites',
    ])
    .select(['log.origin', 'log.is_own', 'log.size', standing.as('status')])
    .where(isOpenTo(viewer, nowSeconds))
    .where((eb) => eb.and(conditionsOf(filters, standing)))
}

/** One statement for however many places, which a list of tuples would not be. */
export function isAmong(
  table: 'record' | 'citation',
  places: readonly { readonly log: number; readonly position: number }[],
): Expression<SqlBool> {
  const [logs, positions] = [places.map(({ log }) => log), places.map(({ position }) => position)]
  const row = sql.table(table)
  return sql<SqlBool>`(${row}.log, ${row}.position) in (
    select asked.log, asked.position from unnest(${logs}::smallint[], ${positions}::bigint[]) as asked (log, position))`
}

/** Asked of the log itself: the projection may still be behind the withdrawal. `offset 0`: see `isOpenTo`. */
export const isTakenBack = sql<SqlBool>`exists (select from withdrawn
  where withdrawn.log = record.log and withdrawn.record_id = record.record_id and withdrawn.position < log.size offset 0)`

/** A version is superseded by a newer one only where the viewer may know of that one. */
function standingFor(viewer: Viewer, nowSeconds: number): RawBuilder<RecordView['status']> {
  const isSuperseded = sql`exists (select from record newer where newer.log = record.log
    and newer.finding = record.finding and newer.version > record.version and ${isOpenTo(viewer, nowSeconds, 'newer')}
    offset 0)`
  return sql`case when ${isTakenBack} then 'withdrawn' when ${isSuperseded} then 'superseded' else 'current' end`
}

/** A record that is open to the viewer, and how it stands for them. */
export type RecordRow = Awaited<ReturnType<ReturnType<typeof selectOpen>['execute']>>[number]

function conditionsOf(
  { type, iss, tlp, status, finding }: RecordFilters,
  standing: RawBuilder<RecordView['status']>,
): Expression<SqlBool>[] {
  const conditions: Expression<SqlBool>[] = []
  if (type !== undefined) conditions.push(sql<SqlBool>`record.type = ${type}`)
  if (iss !== undefined) conditions.push(sql<SqlBool>`record.iss = ${iss}`)
  if (tlp !== undefined) conditions.push(sql<SqlBool>`record.tlp = ${tlp}`)
  if (finding !== undefined) conditions.push(sql<SqlBool>`record.finding = ${finding}::uuid`)
  // What was taken back is little, so the search for it begins there.
  if (status === 'withdrawn') conditions.push(sql`record.record_id in (select record_id from withdrawn)`, isTakenBack)
  else if (status !== undefined) conditions.push(sql<SqlBool>`${standing} = ${status}`)
  return conditions
}
