import type { RecordPage } from '@concordance/protocol'
import { type RawBuilder, sql } from 'kysely'
import { asViewer } from './access/as-viewer.ts'
import type { Viewer } from './access/may-open.ts'
import { planIsKept } from './database/keep-plans.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import { projectFinding } from './projection/project-finding.ts'
import { type ListOptions, readRecords } from './records.ts'
import { isTakenBack, selectOpen } from './select-open.ts'

/**
 * Records open to the viewer that name a record or its finding, own and copied, newest first, one page at a time.
 *
 * @throws {ExchangeError} `not-found` when there is no such record, or the viewer may not know of it; `invalid` for a cursor
 * that no page gave.
 */
export async function listCitations(
  deps: Deps,
  viewer: Viewer,
  recordId: string,
  page: Omit<ListOptions, 'filters'>,
): Promise<RecordPage> {
  const id = Buffer.from(recordId, 'base64url')
  await projectFinding(deps, viewer, { recordId: id })
  return asViewer(deps, viewer, async (db) => {
    const target = await selectOpen(deps, db, viewer, {})
      .where('record.record_id', '=', id)
      .modifyEnd(planIsKept)
      .executeTakeFirst()
    if (!target) throw new ExchangeError('not-found', 'there is no such record')
    const citing = selectOpen(deps, db, viewer, {}).where(names(target)).modifyEnd(planIsKept)
    return readRecords(deps, db, viewer, citing, page)
  })
}

/** A source in a body is closed with it. What names the record at all is looked up first, and each of it judged. */
function names({ record_id, iss, finding }: { record_id: Buffer; iss: string; finding: string }) {
  const naming = (only: RawBuilder<unknown>) => sql`(record.log, record.position) in (
    select citation.log, citation.position from citation
    where citation.target_record = ${record_id} and citation.target_iss = ${iss} ${only}
    union select citation.log, citation.position from citation
    where citation.target_finding = ${finding}::uuid and citation.target_iss = ${iss} ${only})`
  const inStatement = naming(sql`and not citation.in_body`)
  return sql<boolean>`(${naming(sql``)} and (not ${isTakenBack} or ${inStatement}))`
}
