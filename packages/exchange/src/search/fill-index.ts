import type pg from 'pg'
import { inTransaction } from '../database/in-transaction.ts'
import type { Deps } from '../deps.ts'
import { setsOfCell } from './cells.ts'
import { describeRecord } from './describe-record.ts'
import { internFacetSets } from './facet-sets.ts'
import { bodySetsOf, facetWordsOf, headSetOf } from './facets.ts'
import { formatWords } from './format-words.ts'

/** Few enough that nobody else in this process, or who changes a marking meanwhile, waits for long. */
const batchEntries = 250

/**
 * Puts the next records of a log into the search index, in one transaction, and those that came behind its mark. Safe to
 * repeat and to run in several processes. What is there already is written anew, so a mark set back fills it again.
 *
 * @returns whether there was anything to do.
 */
export async function fillIndex(deps: Deps, log: number): Promise<boolean> {
  return inTransaction(deps.pool, async (client) => {
    const range = await lockRange(client, log)
    if (!range) return false
    const due = await takeDue(client, log)
    const { from, to } = range
    if (from === to && due.length === 0) return false
    await insertEntries(client, log, await readEntries(deps, client, log, { from, to, due }))
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
  readonly lang: string
  readonly tlp: string
  readonly iat: number
  readonly body: string | null
}

interface FilledEntry {
  readonly position: number
  readonly words: string
  readonly sets: readonly number[]
}

async function readEntries(
  deps: Deps,
  client: pg.ClientBase,
  log: number,
  { from, to, due }: Range & { due: readonly number[] },
): Promise<FilledEntry[]> {
  const { rows } = await client.query<StoredRecord>(
    `select position, record.iss, record.type, record.lang, record.tlp, search_iat(record.iat) as iat,
       convert_from(entry.body, 'UTF8') as body
     from record join entry using (log, position)
     where log = $1 and (position >= $2 and position < $3 or position = any ($4::bigint[]))`,
    [log, from, to, due],
  )
  const described = rows.map((row) => ({ row, ...describeRecord(row.type, row.body) }))
  const bodySets = described.map(({ facets }) => bodySetsOf(facets))
  const sets = described.map(({ row }, i) => {
    const { system, test, risk, setting } = bodySets[i] as (typeof bodySets)[number]
    return [headSetOf(row), system, test, risk, setting]
  })
  const ids = await internFacetSets(deps, sets.flat())
  const words = await formatWords(
    { memory: deps.stems, connection: client },
    described.map(({ row: { lang, type }, title, text }) => ({ lang, title, text: [...text, { text: type }] })),
  )
  return described.map(({ row }, i) => ({
    position: row.position,
    words: [
      words[i],
      ...facetWordsOf({ iss: row.iss, type: row.type }),
      ...Object.values(bodySets[i] ?? {}).flatMap(facetWordsOf),
    ].join(' '),
    sets: ids.slice(i * setsOfCell, (i + 1) * setsOfCell),
  }))
}

async function insertEntries(client: pg.ClientBase, log: number, entries: readonly FilledEntry[]): Promise<void> {
  if (entries.length === 0) return
  const positions = entries.map(({ position }) => position)
  await client.query('delete from search_entry where log = $1 and position = any ($2)', [log, positions])
  await client.query(
    `insert into search_entry (log, position, iat, label, newer_lowest, newer_highest, tlp, head, system, test, risk, setting, words)
     select record.log, record.position, search_iat(record.iat), search_label_of(record, is_own), newer[1], newer[2],
       record.tlp, given.head, given.system, given.test, given.risk, given.setting, given.words::tsvector
     from unnest($2::bigint[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[])
       as given (position, words, head, system, test, risk, setting)
     join record on record.log = $1 and record.position = given.position
     join log on log.id = record.log
     cross join lateral search_newer(record, is_own) as newer`,
    [
      log,
      positions,
      entries.map(({ words }) => words),
      ...[0, 1, 2, 3, 4].map((set) => entries.map(({ sets }) => sets[set])),
    ],
  )
}
