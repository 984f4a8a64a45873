import type pg from 'pg'
import { inTransaction } from '../database/in-transaction.ts'
import type { Deps } from '../deps.ts'
import { setsOfCell } from './cells.ts'
import { describeRecord } from './describe-record.ts'
import { internFacetSets } from './facet-sets.ts'
import { type BodySets, bodySetsOf, facetLexemesOf, headSetOf } from './facets.ts'
import { formatWords } from './format-words.ts'
import { encodeTsvectors } from './tsvector.ts'

/** Few enough that nobody else in this process, or who changes a marking meanwhile, waits for long. */
const batchEntries = 250

/**
 * Puts everything of a log that is not in the search index yet into it. While the database writes, the next batches are read
 * and cut into words.
 */
export async function fillIndexOf(deps: Deps, log: number, signal?: AbortSignal): Promise<void> {
  const ahead: Promise<PreparedRecords>[] = []
  let isMore = true
  let writtenBytes = 0
  let inOrder = Promise.resolve()
  const readAhead = (from: number) => {
    while (ahead.length < batchesAhead) {
      const before = ahead.at(-1)
      const next = prepareAfter(before, deps, log, from + ahead.length * batchEntries)
      next.catch(() => undefined) // said where it is waited for
      ahead.push(next)
    }
  }
  const hasWritten = (bytes: number) => {
    writtenBytes += bytes
  }
  try {
    while (isMore && !signal?.aborted) {
      isMore = await fillIndex(deps, log, { prepared: await ahead.shift(), readAhead, hasWritten })
      if (writtenBytes < (isMore ? muchBytes : someBytes)) continue
      writtenBytes = 0
      await inOrder // of the batches before: meanwhile as much was written again
      inOrder = putInOrder(deps)
    }
  } finally {
    await Promise.allSettled([inOrder, ...ahead])
  }
}

/** As many as are cut into words while the database puts the index in order. */
const batchesAhead = 2

/** One after the other, so that what is needed first is there first. */
async function prepareAfter(
  before: Promise<unknown> | undefined,
  deps: Deps,
  log: number,
  from: number,
): Promise<PreparedRecords> {
  await before
  return prepareRecords(deps, log, from)
}

/** Of words: while writing goes on, since much at once costs less a record, and once nothing more is to be written. */
const muchBytes = 5 * 1_048_576
const someBytes = 1_048_576

/**
 * Sorts what was written into the index: until then every search goes through it. Whoever may not do so leaves it to the
 * database, which does it while somebody writes.
 */
async function putInOrder({ pool, log }: Deps): Promise<void> {
  try {
    await pool.query(`select gin_clean_pending_list('search_entry_words')`)
  } catch (error) {
    const isRefused = (error as { code?: string }).code === '42501' // insufficient_privilege: so by every batch
    log[isRefused ? 'debug' : 'warn']({ err: error }, 'the index is put in order by whoever writes')
  }
}

interface Beside {
  /** What was read before the lock: its words stand in what is signed, so that they are still true. */
  readonly prepared?: PreparedRecords | undefined
  /** Told where the next batch begins once this one is only waited for. */
  readAhead?(from: number): void
  /** Told the size of all words of the batch. */
  hasWritten?(bytes: number): void
}

/**
 * Puts the next records of a log into the search index, in one transaction, and those that came behind its mark. Safe to
 * repeat and to run in several processes. What is there already is written anew, so a mark set back fills it again.
 *
 * @returns whether there was anything to do.
 */
export async function fillIndex(
  deps: Deps,
  log: number,
  { prepared, readAhead, hasWritten }: Beside = {},
): Promise<boolean> {
  return inTransaction(deps.pool, async (client) => {
    const range = await lockRange(client, log)
    if (!range) return false
    const due = await takeDue(client, log)
    const { from, to } = range
    if (from === to && due.length === 0) return false
    const entries = await readEntries(deps, client, log, { from, to, due, prepared })
    if (to - from === batchEntries) {
      readAhead?.(to)
      if (hasWritten) await client.query(`set local gin_pending_list_limit = '16MB'`) // whoever is told puts it in order
    }
    await insertEntries(client, log, entries)
    hasWritten?.(entries.reduce((sum, { words }) => sum + words.length, 0))
    await client.query('update projection set indexed = $2 where log = $1', [log, to])
    return true
  })
}

interface Range {
  readonly from: number
  readonly to: number
}

async function lockRange(client: pg.ClientBase, log: number): Promise<Range | undefined> {
  const { rows } = await client.query<Range>(
    `select indexed as from, least(indexed + $2, position) as to from projection where log = $1
     for update skip locked`,
    [log, batchEntries],
  )
  return rows[0]
}

async function takeDue(client: pg.ClientBase, log: number): Promise<number[]> {
  const { rows } = await client.query<{ position: number }>(
    `delete from search_due using (select position from search_due where log = $1 order by position limit $2) first
     where search_due.log = $1 and search_due.position = first.position returning first.position`,
    [log, batchEntries],
  )
  return rows.map(({ position }) => position)
}

interface StoredRecord {
  readonly position: number
  readonly iss: string
  readonly type: string
  readonly tlp: string
  readonly iat: number
  readonly has_body: boolean
}

interface FilledEntry {
  readonly position: number
  readonly words: Buffer
  readonly sets: readonly number[]
}

async function readEntries(
  deps: Deps,
  client: pg.ClientBase,
  log: number,
  { from, to, due, prepared }: Range & { due: readonly number[]; prepared: PreparedRecords | undefined },
): Promise<FilledEntry[]> {
  const { rows } = await client.query<StoredRecord>(
    `select position, record.iss, record.type, record.tlp, search_iat(record.iat) as iat, entry.body is not null as has_body
     from record join entry using (log, position)
     where log = $1 and (position >= $2 and position < $3 or position = any ($4::bigint[]))`,
    [log, from, to, due],
  )
  const isPrepared = ({ position, has_body }: StoredRecord) => prepared?.get(position)?.has_body === has_body
  const missing = rows.filter((row) => !isPrepared(row)).map(({ position }) => position)
  const bodies = missing.length > 0 ? await prepare(deps, client, await readBodies(client, log, missing)) : undefined
  const filled = rows.flatMap((row) => {
    const body = (isPrepared(row) ? prepared : bodies)?.get(row.position)
    return body ? [{ row, body }] : []
  })
  const sets = filled.flatMap(({ row, body: { sets } }) => [
    headSetOf(row),
    sets.system,
    sets.test,
    sets.risk,
    sets.setting,
  ])
  const ids = await internFacetSets(deps, sets)
  return filled.map(({ row: { position }, body: { words } }, i) => ({
    position,
    words,
    sets: ids.slice(i * setsOfCell, (i + 1) * setsOfCell),
  }))
}

interface StoredBody {
  readonly position: number
  readonly iss: string
  readonly type: string
  readonly lang: string
  readonly body: string | null
}

/** Of each position, what its body is found by. */
type PreparedRecords = ReadonlyMap<number, PreparedBody>

interface PreparedBody {
  readonly has_body: boolean
  readonly words: Buffer
  readonly sets: BodySets
}

async function prepareRecords(deps: Deps, log: number, from: number): Promise<PreparedRecords> {
  const positions = Array.from({ length: batchEntries }, (_, i) => from + i)
  return prepare(deps, deps.pool, await readBodies(deps.pool, log, positions))
}

type Connection = Pick<pg.ClientBase, 'query'>

async function readBodies(connection: Connection, log: number, positions: readonly number[]): Promise<StoredBody[]> {
  const { rows } = await connection.query<StoredBody>(
    `select position, record.iss, record.type, record.lang, convert_from(entry.body, 'UTF8') as body
     from record join entry using (log, position) where log = $1 and position = any ($2::bigint[])`,
    [log, positions],
  )
  return rows
}

/** A few at a time: what they are cut into is gone again before there is so much of it that it has to be kept. */
async function prepare(deps: Deps, connection: Connection, rows: readonly StoredBody[]): Promise<PreparedRecords> {
  const prepared = new Map<number, PreparedBody>()
  for (let from = 0; from < rows.length; from += preparedAtOnce) {
    await prepareSome(deps, connection, rows.slice(from, from + preparedAtOnce), prepared)
  }
  return prepared
}

const preparedAtOnce = 16

async function prepareSome(
  { stems }: Deps,
  connection: Connection,
  rows: readonly StoredBody[],
  prepared: Map<number, PreparedBody>,
): Promise<void> {
  const described = rows.map(({ iss, type, lang, body }) => {
    const { title, text, facets } = describeRecord(type, body)
    const sets = bodySetsOf(facets)
    const words = Object.values(sets).concat({ iss, type }).flatMap(facetLexemesOf)
    return { lang, title, text: [...text, { text: type }], facets: words, sets }
  })
  const words = await formatWords({ memory: stems, connection }, described)
  for (const [i, { position, body }] of rows.entries()) {
    const { sets } = described[i] as { sets: BodySets }
    prepared.set(position, { has_body: body !== null, words: words[i] as Buffer, sets })
  }
}

async function insertEntries(client: pg.ClientBase, log: number, entries: readonly FilledEntry[]): Promise<void> {
  if (entries.length === 0) return
  const positions = entries.map(({ position }) => position)
  await client.query('delete from search_entry where log = $1 and position = any ($2)', [log, positions])
  await client.query(
    `insert into search_entry (log, position, iat, label, newer_lowest, newer_highest, tlp, head, system, test, risk, setting, words)
     select record.log, record.position, search_iat(record.iat), search_label_of(record, is_own), newer[1], newer[2],
       record.tlp, given.head, given.system, given.test, given.risk, given.setting, given.words
     from unnest($2::bigint[], $3::tsvector[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[])
       as given (position, words, head, system, test, risk, setting)
     join record on record.log = $1 and record.position = given.position
     join log on log.id = record.log
     cross join lateral search_newer(record, is_own) as newer`,
    [
      log,
      positions,
      encodeTsvectors(entries.map(({ words }) => words)),
      ...[0, 1, 2, 3, 4].map((set) => entries.map(({ sets }) => sets[set])),
    ],
  )
}
