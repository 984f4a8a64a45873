import { randomBytes } from 'node:crypto'
import { findRecordType } from '@concordance/protocol'
import type pg from 'pg'
import { uuidv7 } from '../../../packages/exchange/src/keys/uuid.ts'
import { type CorpusRecord, synthesiseRecords } from './corpus.ts'

const batch = 1_000
const institutes = ['alpha', 'bravo', 'charlie', 'delta', 'echo'].map((name) => `https://${name}.example`)

/**
 * Puts records into a node's database below the signature: rows of `entry` and `record` as sync and projection leave them,
 * of five copied institutes. Search reads no signature, and 200,000 of them would take a minute each time;
 * everything from the projection on is the node's own work. Returns when nothing but the index is missing.
 */
export async function loadRecords(pool: pg.Pool, count: number): Promise<void> {
  const logs = await openLogs(pool)
  const before = logs.reduce((sum, { size }) => sum + size, 0)
  const next = new Map(logs.map(({ id, size }) => [id, size]))
  const rows: Row[] = []
  let number = 0
  for (const record of synthesiseRecords(count, before || undefined, before)) {
    const log = logs[number++ % logs.length] as Log
    const position = next.get(log.id) as number
    next.set(log.id, position + 1)
    rows.push(rowOf(log, position, record, number))
    if (rows.length === batch) await insertRows(pool, rows.splice(0))
  }
  await insertRows(pool, rows)
  for (const [id, size] of next) {
    // In this order: a node that runs meanwhile never has anything to project.
    const text = `insert into projection (log, position) values ($1, $2) on conflict (log) do update set position = $2`
    await pool.query(text, [id, size])
    await pool.query('update log set size = $2, staged_size = $2 where id = $1', [id, size])
  }
}

interface Log {
  readonly id: number
  readonly iss: string
  readonly size: number
}

async function openLogs(pool: pg.Pool): Promise<Log[]> {
  await pool.query(
    `insert into log (origin, iss) select iss || '/log/1', iss from unnest($1::text[]) as given (iss) on conflict do nothing`,
    [institutes],
  )
  const { rows } = await pool.query<Log>('select id, iss, size::int from log where not is_own order by id')
  return rows
}

type Row = ReturnType<typeof rowOf>

function rowOf({ id: log, iss }: Log, position: number, record: CorpusRecord, number: number) {
  const { type, lang, iat, body } = record
  const { title = {}, facets = {} } = findRecordType(type)?.describe(body) ?? {}
  const mark = markOf(number)
  return {
    log,
    position,
    record_id: randomBytes(32).toString('hex'),
    iss,
    type,
    finding: uuidv7({ now: () => new Date(iat * 1_000), random: randomBytes }),
    version: 1,
    iat,
    lang,
    tlp: mark.tlp,
    mark,
    title,
    facets,
    body: JSON.stringify(body),
  }
}

/** Most are for everybody, some for all peers. */
function markOf(number: number) {
  return number % 10 < 7 ? { tlp: 'CLEAR', relay: 'any' } : { tlp: 'GREEN', relay: 'none' }
}

async function insertRows(pool: pg.Pool, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await pool.query(
    `with given as (
       select * from jsonb_to_recordset($1::jsonb) as r (log smallint, position bigint, record_id text, iss text, type text,
         finding uuid, version bigint, iat bigint, lang text, tlp text, mark jsonb, title jsonb, facets jsonb, body text)
     ), entries as (
       insert into entry (log, position, leaf_hash, record_id, statement, body)
       select log, position, decode(record_id, 'hex'), decode(record_id, 'hex'), 'synthetic', convert_to(body, 'UTF8') from given
     )
     insert into record (log, position, record_id, iss, type, finding, version, iat, lang, tlp, mark, has_body, title, facets)
     select log, position, decode(record_id, 'hex'), iss, type, finding, version, iat, lang, tlp, mark, true, title, facets
     from given`,
    [JSON.stringify(rows)],
  )
}
