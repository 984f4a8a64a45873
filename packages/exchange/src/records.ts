import type {
  EvaluationBody,
  RecordDetail,
  RecordPage,
  RecordView,
  Statement,
  VersionView,
} from '@concordance/protocol'
import { encodeBase64url, judgeOpening, parseStatementUnsafe } from '@concordance/protocol'
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely'
import { lengthOfFeed } from './access/access-feed.ts'
import { asViewer } from './access/as-viewer.ts'
import { recordDelivery } from './access/deliveries.ts'
import type { PeerViewer, Viewer } from './access/may-open.ts'
import { listCitingWithdrawn } from './citing-withdrawn.ts'
import { planIsKept } from './database/keep-plans.ts'
import type { Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import { projectFinding } from './projection/project-finding.ts'
import { type RecordFilters, type RecordRow, selectOpen } from './select-open.ts'

export interface ListOptions {
  readonly filters: RecordFilters
  /** As the page before gave it. */
  readonly cursor?: string
  /** 1 to 200. */
  readonly limit: number
}

const resultsAtMost = 200

/**
 * Records open to the viewer, newest first, one page at a time. Pages are cut by key, not by number, so that records
 * published meanwhile move nothing.
 *
 * @throws {ExchangeError} `invalid` for a cursor that no page gave.
 */
export async function listRecords(deps: Deps, viewer: Viewer, options: ListOptions): Promise<RecordPage> {
  return asViewer(deps, viewer, (db) =>
    readRecords(deps, db, viewer, selectOpen(deps, db, viewer, options.filters), options),
  )
}

/** One page of what a query selects, newest first. @throws {ExchangeError} `invalid` for a cursor that no page gave. */
export async function readRecords(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  selected: ReturnType<typeof selectOpen>,
  page: Omit<ListOptions, 'filters'>,
): Promise<RecordPage> {
  const limit = Math.min(page.limit, resultsAtMost)
  const after = page.cursor === undefined ? undefined : parseCursor(page.cursor)
  const query = selected
    .orderBy('record.iat', 'desc')
    .orderBy('record.log')
    .orderBy('record.position', 'desc')
    .limit(limit + 1)
  const rows = await (after ? query.where(isAfter(after)) : query).execute()
  const items = await viewsOf(deps, db, viewer, rows.slice(0, limit))
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items, ...(last && { next: formatCursor(last) }) }
}

/**
 * One record with its exact signed bytes; of our own also right after it was published. That a peer is given one of our own
 * stands in the delivery log before this returns.
 *
 * @throws {ExchangeError} `not-found` when there is none, or the viewer may not know of it.
 */
export async function getRecord(deps: Deps, viewer: Viewer, recordId: string): Promise<RecordDetail> {
  const id = Buffer.from(recordId, 'base64url')
  await projectFinding(deps, viewer, { recordId: id })
  return viewer.kind === 'peer' ? deliverRecord(deps, viewer, id) : readRecord(deps, viewer, id)
}

async function deliverRecord(deps: Deps, viewer: PeerViewer, id: Buffer): Promise<RecordDetail> {
  const accessAt = await lengthOfFeed(deps, viewer.iss)
  const record = await readRecord(deps, viewer, id)
  const { iss, position } = record
  if (iss === deps.identity.iss) {
    await recordDelivery(deps, { peer: viewer.iss, kind: 'record', positions: [position], accessAt })
  }
  return record
}

function readRecord(deps: Deps, viewer: Viewer, id: Buffer): Promise<RecordDetail> {
  return asViewer(deps, viewer, (db) => readRecordFrom(db, deps, viewer, id))
}

async function readRecordFrom(db: Kysely<Tables>, deps: Deps, viewer: Viewer, id: Buffer): Promise<RecordDetail> {
  const row = await selectOpen(deps, db, viewer, {})
    .innerJoinLateral(openingOf, (join) => join.onTrue())
    .select(['opening.statement', 'opening.body'])
    .where('record.record_id', '=', id)
    .modifyEnd(planIsKept)
    .executeTakeFirst()
  if (!row) throw new ExchangeError('not-found', 'there is no such record')
  const view = viewOf(row, await listCitingWithdrawn(deps, db, viewer, [row]))
  const compact = row.statement.toString('utf8')
  const { statement } = parseStatementUnsafe(compact)
  const body = view.state === 'open' ? (row.body?.toString('utf8') ?? null) : null
  const versions = await readVersions(deps, db, viewer, view)
  const { prev } = statement
  const subjectOpening = await readSubjectOpening(deps, db, viewer, { ...view, body })
  return {
    ...view,
    statement: compact,
    body,
    ...(prev && { prev }),
    versions,
    ...(subjectOpening && { subjectOpening }),
  }
}

/** Looked up for each record by itself: joined, the wall would be asked of every entry there is. `offset 0`: see `isOpenTo`. */
function openingOf(eb: ExpressionBuilder<Tables, 'record'>) {
  return eb
    .selectFrom('opening')
    .select(['opening.statement', 'opening.body'])
    .whereRef('opening.log', '=', 'record.log')
    .whereRef('opening.position', '=', 'record.position')
    .offset(0)
    .as('opening')
}

type Shown = Pick<RecordDetail, 'type' | 'iss' | 'finding' | 'version' | 'body'>

/** Held against the earlier versions that the viewer may read; undefined where the record opens no subject. */
async function readSubjectOpening(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  { type, iss, finding, version, body }: Shown,
): Promise<RecordDetail['subjectOpening']> {
  const subject = type === 'evaluation' && body !== null ? subjectOf(body) : undefined
  if (!subject || !('unsealed' in subject) || !subject.unsealed) return undefined
  const rows = await selectOpen(deps, db, viewer, { type, iss, finding })
    .innerJoinLateral(openingOf, (join) => join.onTrue())
    .select('opening.body')
    .where('record.version', '<', version)
    .execute()
  const earlier = rows.flatMap((row) => (row.body ? subjectOf(row.body.toString('utf8')) : []))
  const sealed = earlier.flatMap((one) => ('sealed' in one ? one.sealed : []))
  return judgeOpening({ ...subject, unsealed: subject.unsealed }, sealed)
}

/** The body passed the gate, or was composed here. */
function subjectOf(body: string): EvaluationBody['subject'] {
  return (JSON.parse(body) as EvaluationBody).subject
}

/** The versions of a finding that are open to the viewer, newest first; empty when there are none. */
export async function listVersions(deps: Deps, viewer: Viewer, iss: string, finding: string): Promise<VersionView[]> {
  await projectFinding(deps, viewer, { finding })
  return asViewer(deps, viewer, (db) => readVersions(deps, db, viewer, { iss, finding }))
}

async function readVersions(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  { iss, finding }: { iss: string; finding: string },
): Promise<VersionView[]> {
  const rows = await selectOpen(deps, db, viewer, { iss, finding })
    .orderBy('record.version', 'desc')
    .modifyEnd(planIsKept)
    .execute()
  return rows.map((row) => ({
    recordId: encodeBase64url(row.record_id),
    version: row.version,
    iat: row.iat,
    status: row.status,
  }))
}

/** As lists show them. Only for rows that `selectOpen` gave to this viewer. */
export async function viewsOf(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  rows: readonly RecordRow[],
): Promise<RecordView[]> {
  const citing = await listCitingWithdrawn(deps, db, viewer, rows)
  return rows.map((row) => viewOf(row, citing))
}

/** The query let only rows through that are open to the viewer; of what was taken back, the statement is. */
function viewOf(row: RecordRow, citingWithdrawn: ReadonlySet<RecordRow>): RecordView {
  const isWhole = row.status !== 'withdrawn'
  return {
    recordId: encodeBase64url(row.record_id),
    iss: row.iss,
    origin: row.origin,
    position: row.position,
    type: row.type,
    finding: row.finding,
    version: row.version,
    iat: row.iat,
    lang: row.lang,
    mark: row.mark as Statement['mark'],
    title: isWhole ? row.title : {},
    status: row.status,
    state: isWhole ? 'open' : 'statement',
    facets: isWhole ? row.facets : {},
    verified: { size: row.size },
    ...(citingWithdrawn.has(row) && { citesWithdrawn: true }),
  }
}

interface Place {
  readonly iat: number
  readonly log: number
  readonly position: number
}

function isAfter({ iat, log, position }: Place): Expression<SqlBool> {
  return sql<SqlBool>`(record.iat < ${iat} or (record.iat = ${iat} and (record.log > ${log}
    or (record.log = ${log} and record.position < ${position}))))`
}

function formatCursor({ iat, log, position }: Place): string {
  return Buffer.from(`${iat}.${log}.${position}`).toString('base64url')
}

function parseCursor(cursor: string): Place {
  const parts = /^(\d{1,15})\.(\d{1,5})\.(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (!parts) throw new ExchangeError('invalid', 'no page gave this cursor')
  const [iat = 0, log = 0, position = 0] = parts.slice(1).map(Number)
  return { iat, log, position }
}
