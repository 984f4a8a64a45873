import {
  findRecordType,
  type JsonObject,
  type Marking,
  namedTargetsOf,
  parseStatementUnsafe,
  type RecordDescription,
  type Statement,
} from '@concordance/protocol'
import type pg from 'pg'
import { inTransaction } from '../database/in-transaction.ts'
import type { Deps } from '../deps.ts'

/** Which positions of a log a batch has put into the projection. */
export interface Projected {
  readonly log: number
  readonly from: number
  readonly to: number
}

/** Few enough that reading them holds up nobody else in this process for long. */
const batchEntries = 200

/**
 * Puts the next entries of a log into the projection, in one transaction: rows of `record`. How a record
 * stands depends on who looks, so it is not kept here. The projection holds nothing that the entries do not, so it can be rebuilt.
 *
 * @param options.wait For whoever else is at it, rather than leave it to them.
 * @returns undefined when there is nothing to do, or it is left to another.
 */
export function projectBatch(
  deps: Deps,
  log: number,
  options: { wait?: boolean } = {},
): Promise<Projected | undefined> {
  return inTransaction(deps.pool, (client) => projectNext(client, log, options))
}

async function projectNext(
  client: pg.ClientBase,
  log: number,
  { wait = false }: { wait?: boolean },
): Promise<Projected | undefined> {
  const range = await lockRange(client, log, wait ? '' : 'skip locked')
  if (!range) return undefined
  const rows = await listEntries(client, log, range)
  await insertEntries(client, { log, iss: range.iss }, rows)
  await client.query('update projection set position = $2 where log = $1', [log, range.to])
  return { log, from: range.from, to: range.to }
}

/**
 * Puts entries into the projection that were opened to us behind its mark, in the caller's transaction. A batch at hand is
 * waited for: it may have read the entries as they were.
 */
export async function projectOpened(
  client: pg.ClientBase,
  { log, iss }: { log: number; iss: string },
  { from, to }: { from: number; to: number },
): Promise<void> {
  await client.query('insert into projection (log) values ($1) on conflict do nothing', [log])
  const { rows } = await client.query<{ position: number }>(
    'select position from projection where log = $1 for update',
    [log],
  )
  const entries = await listEntries(client, log, { iss, from, to: Math.min(to, rows[0]?.position ?? 0) })
  await insertEntries(client, { log, iss }, entries)
}

async function insertEntries(
  client: pg.ClientBase,
  { log, iss }: { log: number; iss: string },
  entries: readonly StoredEntry[],
): Promise<void> {
  const readable = entries.map(readEntry)
  await insertRecords(
    client,
    readable.map((entry) => projectEntry(log, iss, entry)),
  )
  await insertCitations(
    client,
    readable.flatMap((entry) => citationsOf(log, entry)),
  )
}

interface Range {
  readonly iss: string
  readonly from: number
  readonly to: number
}

async function lockRange(client: pg.ClientBase, log: number, orElse: '' | 'skip locked'): Promise<Range | undefined> {
  await client.query('insert into projection (log) values ($1) on conflict do nothing', [log])
  const { rows } = await client.query<{ iss: string; position: number; size: number }>(
    `select log.iss, projection.position, log.size from projection join log on log.id = projection.log
     where projection.log = $1 for update of projection ${orElse}`,
    [log],
  )
  const [row] = rows
  if (!row || row.position >= row.size) return undefined
  return { iss: row.iss, from: row.position, to: Math.min(row.position + batchEntries, row.size) }
}

interface StoredEntry {
  readonly position: number
  readonly record_id: Buffer
  readonly statement: string
  readonly body: string | null
  /** The newest marking record's, where there is one. */
  readonly mark: Marking | null
  /** Own records: see `own_record`. */
  readonly target: number | null
  readonly readers: string[] | null
}

/** Entries in quarantine are left out: their content broke a rule, so nothing of it is shown as a finding. */
async function listEntries(client: pg.ClientBase, log: number, { from, to }: Range): Promise<StoredEntry[]> {
  const { rows } = await client.query<StoredEntry>(
    `select entry.position, entry.record_id, convert_from(statement, 'UTF8') as statement, convert_from(body, 'UTF8') as body,
       remarked.mark, own.target, own.readers
     from entry
     left join remarked on remarked.log = entry.log and remarked.record_id = entry.record_id
     left join own_record own on own.position = entry.position and exists (select from log where log.id = entry.log and is_own)
     where entry.log = $1 and entry.position >= $2 and entry.position < $3 and statement is not null
       and not exists (select from quarantine q where q.log = entry.log and q.position = entry.position)
     order by entry.position`,
    [log, from, to],
  )
  return rows
}

type ReadableEntry = Omit<StoredEntry, 'statement' | 'body'> & {
  readonly statement: Statement
  readonly body: JsonObject | undefined
}

/** The entry passed the gate before it was stored; here it is only read. */
function readEntry({ statement, body, ...entry }: StoredEntry): ReadableEntry {
  const parsed = body === null ? undefined : (JSON.parse(body) as JsonObject)
  return { ...entry, statement: parseStatementUnsafe(statement).statement, body: parsed }
}

function projectEntry(log: number, iss: string, entry: ReadableEntry): object {
  const { statement, body } = entry
  const { title, facets } = describe(statement, body)
  const mark = entry.mark ?? statement.mark
  return {
    log,
    position: entry.position,
    record_id: `\\x${entry.record_id.toString('hex')}`,
    iss,
    type: statement.type,
    finding: statement.finding,
    version: statement.version,
    iat: statement.iat,
    lang: statement.lang,
    tlp: mark.tlp,
    embargo_until: mark.embargoUntil ?? null,
    group_iss: mark.group?.iss ?? null,
    group_finding: mark.group?.finding ?? null,
    target: entry.target,
    readers: entry.readers,
    mark,
    has_body: body !== undefined,
    title,
    facets,
    cites: namedTargetsOf(statement, body).length > 0,
  }
}

function citationsOf(log: number, { position, statement, body }: ReadableEntry): object[] {
  return namedTargetsOf(statement, body).map(({ target, inBody }, number) => ({
    log,
    position,
    number,
    target_iss: target.iss,
    target_record: 'record' in target ? `\\x${Buffer.from(target.record, 'base64url').toString('hex')}` : null,
    target_finding: 'finding' in target ? target.finding : null,
    in_body: inBody,
  }))
}

function describe(statement: Statement, body: JsonObject | undefined): RecordDescription {
  const type = findRecordType(statement.type)
  if (!type || body === undefined) return { title: {}, text: [], facets: {} }
  return type.describe(body)
}

async function insertRecords(client: pg.ClientBase, records: readonly object[]): Promise<void> {
  if (records.length === 0) return
  await client.query(
    `insert into record (log, position, record_id, iss, type, finding, version, iat, lang, tlp, embargo_until, mark,
       group_iss, group_finding, target, readers, has_body, title, facets, cites)
     select log, position, record_id, iss, type, finding, version, iat, lang, tlp, embargo_until, mark,
       group_iss, group_finding, target, readers, has_body, title, facets, cites
     from jsonb_to_recordset($1::jsonb) as r (log smallint, position bigint, record_id bytea, iss text, type text,
       finding uuid, version bigint, iat bigint, lang text, tlp text, embargo_until bigint, mark jsonb,
       group_iss text, group_finding uuid, target bigint, readers text[], has_body boolean,
       title jsonb, facets jsonb, cites boolean)
     on conflict do nothing`,
    [JSON.stringify(records)],
  )
}

async function insertCitations(client: pg.ClientBase, citations: readonly object[]): Promise<void> {
  if (citations.length === 0) return
  await client.query(
    `insert into citation (log, position, number, target_iss, target_record, target_finding, in_body)
     select log, position, number, target_iss, target_record, target_finding, in_body
     from jsonb_to_recordset($1::jsonb) as r (log smallint, position bigint, number int, target_iss text,
       target_record bytea, target_finding uuid, in_body boolean)
     on conflict do nothing`,
    [JSON.stringify(citations)],
  )
}
