import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { ExchangeError } from '../error.ts'
import { keepPlans } from './keep-plans.ts'
import type { Tables } from './tables.ts'

export interface DatabaseOptions {
  /** `postgres://` URL; may hold the password. */
  url: string
  /** Connections of this process at most. Default 10. */
  connections?: number
  /** Told of idle connections that broke; the pool replaces them by itself. */
  onIdleError?: (error: Error) => void
}

export interface Database {
  readonly db: Kysely<Tables>
  readonly pool: pg.Pool
  readonly url: string
  close(): Promise<void>
}

const oldestServerVersion = 150_000
const connectTimeoutMs = 5_000
export const statementTimeoutMs = 30_000
const lockTimeoutMs = 10_000
const idleInTransactionTimeoutMs = 60_000

/**
 * Opens a pool and checks that the server keeps what it acknowledges.
 *
 * @throws {ExchangeError} `store-unavailable` when there is no answer, `database-unsafe` when the server is older than
 * PostgreSQL 15, does not speak UTF-8, or runs with `fsync`, `full_page_writes` or `synchronous_commit` off.
 */
export async function openDatabase({ url, connections = 10, onIdleError }: DatabaseOptions): Promise<Database> {
  const pool = new pg.Pool({ ...connectionSettings(url), max: connections })
  pool.on('error', (error) => onIdleError?.(error))
  // A connection that breaks between two queries of a transaction says so here; the next query then fails.
  pool.on('connect', (client) => {
    client.on('error', () => {})
    keepPlans(client)
  })
  try {
    await requireSafeServer(pool)
  } catch (error) {
    await pool.end()
    throw error
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, pool, url, close: () => close(db, pool) }
}

/** Kysely ends a pool that it has used, and no other. */
async function close(db: Kysely<Tables>, pool: pg.Pool): Promise<void> {
  await db.destroy()
  if (!pool.ending) await pool.end()
}

/** What every connection to the node's database is opened with, those outside the pool too. */
export function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'concordance',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    keepAlive: true,
    types: { getTypeParser },
  }
}

/** bigint as a number: positions, sizes and seconds all stay below 2^53. */
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? parseBigint : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

function parseBigint(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is not a safe integer`)
  return value
}

async function requireSafeServer(pool: pg.Pool): Promise<void> {
  const names = ['server_version_num', 'server_encoding', 'fsync', 'full_page_writes', 'synchronous_commit']
  const columns = names.map((name) => `current_setting('${name}') as ${name}`).join(', ')
  const settings = await pool
    .query<Record<string, string>>(`select ${columns}`)
    .then(({ rows }) => rows[0] ?? {})
    .catch((cause: Error) => {
      throw new ExchangeError('store-unavailable', 'the database does not answer', { cause })
    })
  const unsafe = (why: string) => new ExchangeError('database-unsafe', `the database is refused: ${why}`)
  if (Number(settings.server_version_num) < oldestServerVersion) throw unsafe('PostgreSQL 15 or newer is needed')
  if (settings.server_encoding !== 'UTF8') throw unsafe(`its encoding is ${settings.server_encoding}, not UTF8`)
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    if (settings[name] === 'off') throw unsafe(`${name} is off, so it may lose what it acknowledged`)
  }
}
