import { type Kysely, type Selectable, type SqlBool, sql } from 'kysely'
import type { Viewer } from './access/may-open.ts'
import { planIsKept } from './database/keep-plans.ts'
import type { CitationTable, Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { isAmong, type RecordRow, selectOpen } from './select-open.ts'

/**
 * Those of the rows that name a record which was withdrawn, or a finding whose newest version was. Only records that the
 * viewer may know of count, and nothing in a body that was taken back itself.
 *
 * @param rows Read by `selectOpen`, for the same viewer.
 */
export async function listCitingWithdrawn(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  rows: readonly RecordRow[],
): Promise<ReadonlySet<RecordRow>> {
  const citing = rows.filter(({ cites }) => cites)
  if (citing.length === 0) return new Set()
  const citations = await listCitationsOf(db, citing)
  const isWithdrawn = findWithdrawn(await listNamed(deps, db, viewer, citations))
  const placeOf = ({ log, position }: { log: number; position: number }) => `${log} ${position}`
  const byPlace = Map.groupBy(citations, placeOf)
  const isCiting = (row: RecordRow) =>
    byPlace
      .get(placeOf(row))
      ?.some((citation) => !(citation.in_body && row.status === 'withdrawn') && isWithdrawn(citation))
  return new Set(citing.filter(isCiting))
}

type Citation = Selectable<CitationTable>

function listCitationsOf(db: Kysely<Tables>, rows: readonly RecordRow[]): Promise<Citation[]> {
  return db.selectFrom('citation').selectAll().where(isAmong('citation', rows)).modifyEnd(planIsKept).execute()
}

/** Oldest version first. */
function listNamed(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  citations: readonly Citation[],
): Promise<RecordRow[]> {
  const records = citations.flatMap(({ target_record }) => target_record ?? [])
  const findings = citations.flatMap(({ target_finding }) => target_finding ?? [])
  return selectOpen(deps, db, viewer, {})
    .where(sql<SqlBool>`(record.record_id = any (${records}::bytea[]) or record.finding = any (${findings}::uuid[]))`)
    .orderBy('record.version')
    .modifyEnd(planIsKept)
    .execute()
}

function findWithdrawn(named: readonly RecordRow[]): (citation: Citation) => boolean {
  const records = new Map(named.map((row) => [`${row.iss} ${row.record_id.toString('hex')}`, row.status]))
  const newest = new Map(named.map((row) => [`${row.iss} ${row.finding}`, row.status]))
  return ({ target_iss, target_record, target_finding }) => {
    const status = target_record
      ? records.get(`${target_iss} ${target_record.toString('hex')}`)
      : newest.get(`${target_iss} ${target_finding}`)
    return status === 'withdrawn'
  }
}
