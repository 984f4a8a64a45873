import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { keepPlans, planIsKept } from '../database/keep-plans.ts'
import { connectionSettings, type DatabaseOptions, statementTimeoutMs } from '../database/open.ts'
import type { Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import type { Viewer } from './may-open.ts'

/**
 * Runs work behind the second wall: whatever it asks the database, it is shown what the viewer may open, and nothing else.
 * The viewer is set on the connection that the work then has for itself, in place of the one before, and so is the time that
 * each of its statements may take.
 *
 * @param work Must not call `asViewer` itself: connections are few. Must not use `db` after it has returned.
 */
export async function asViewer<Result>(
  { reader, now, readTimeoutMs = statementTimeoutMs }: Pick<Deps, 'reader' | 'now' | 'readTimeoutMs'>,
  viewer: Viewer,
  work: (db: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  const asker = JSON.stringify({ ...viewer, now: Math.floor(now().getTime() / 1_000) })
  return reader.connection().execute(async (db) => {
    await sql`select set_config('concordance.viewer', ${asker}, false),
      set_config('statement_timeout', ${String(Math.max(1, Math.floor(readTimeoutMs)))}, false) ${planIsKept}`.execute(
      db,
    )
    return work(db)
  })
}

const role = 'concordance_reader'

/**
 * Opens the connections of `asViewer`. Each begins as the role that sees nothing until a viewer is set, and comes back to
 * it when it resets its role.
 *
 * @throws {ExchangeError} `database-unsafe` where the node may not take that role, or the role is not bound by the wall.
 */
export async function openReader({ url, connections = 6, onIdleError }: DatabaseOptions): Promise<Kysely<Tables>> {
  const pool = new pg.Pool({ ...connectionSettings(inRole(url)), max: connections })
  pool.on('error', (error) => onIdleError?.(error))
  pool.on('connect', (client) => {
    client.on('error', () => {})
    keepPlans(client)
  })
  const reader = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    await requireBound(reader)
  } catch (error) {
    await reader.destroy()
    throw error
  }
  return reader
}

/**
 * Options of the operator's own stay; a setting that comes later wins. Compiling a statement takes longer than any of these
 * runs, and a search must not take the cores of others.
 */
function inRole(url: string): string {
  const withRole = new URL(url)
  const options = withRole.searchParams.get('options') ?? ''
  const settings = `-c role=${role} -c jit=off -c max_parallel_workers_per_gather=0`
  withRole.searchParams.set('options', `${options} ${settings}`.trim())
  return withRole.href
}

/** Asked through Kysely: it ends a pool that it has used, and no other. */
async function requireBound(reader: Kysely<Tables>): Promise<void> {
  const asked = sql<{ is_bound: boolean }>`
    select rolname = ${role} and not rolsuper and not rolbypassrls as is_bound from pg_roles where rolname = current_user`
  const { rows } = await asked.execute(reader).catch((cause: Error) => {
    throw new ExchangeError('database-unsafe', `the node cannot take the role ${role}: ${cause.message}`, { cause })
  })
  if (!rows[0]?.is_bound) throw new ExchangeError('database-unsafe', `the role ${role} is not held by the second wall`)
}
