import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runMigrations as migrateWorker } from 'graphile-worker'
import type pg from 'pg'
import { ExchangeError } from '../error.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

const folderOfThisRelease = fileURLToPath(new URL('../../../../migrations/', import.meta.url))
/** Any number that nobody else takes; held while the schema changes, so that two processes never migrate at once. */
const lockKey = 4_811_001

/**
 * Brings the schema to this release: numbered SQL files, forward only, each in a transaction of its own, so that an
 * interrupted run continues where it stopped. Also brings the job queue's own schema (`graphile_worker`) up to date.
 *
 * @returns the names of the files that were applied now.
 * @throws {ExchangeError} `schema-newer` or `migration-changed`; nothing was written.
 */
export async function migrate(pool: pg.Pool, folder = folderOfThisRelease): Promise<string[]> {
  const migrations = await readMigrations(folder)
  const client = await pool.connect()
  try {
    await client.query('set statement_timeout = 0; set lock_timeout = 0')
    await client.query('select pg_advisory_lock($1)', [lockKey])
    await client.query(`create table if not exists migration (
      number int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now()
    )`)
    const pending = pendingOf(migrations, await listLanded(client))
    for (const migration of pending) await apply(client, migration)
    await migrateWorker({ pgPool: pool })
    return pending.map(({ name }) => name)
  } finally {
    client.release(true) // closing the session also ends the lock and the settings
  }
}

/**
 * Checks that the schema is exactly that of this release; for processes that must not change it.
 *
 * @throws {ExchangeError} `schema-older`, `schema-newer` or `migration-changed`.
 */
export async function requireMigrated(pool: pg.Pool, folder = folderOfThisRelease): Promise<void> {
  const migrations = await readMigrations(folder)
  const { rows } = await pool.query<{ exists: boolean }>(`select to_regclass('migration') is not null as exists`)
  const pending = pendingOf(migrations, rows[0]?.exists ? await listLanded(pool) : [])
  if (pending.length > 0) {
    throw new ExchangeError(
      'schema-older',
      `the database lacks migration ${pending[0]?.name}: run \`concordance migrate\``,
    )
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${folder}/${name}`, 'utf8')
      return { number: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

type Landed = Pick<Migration, 'number' | 'name' | 'checksum'>

async function listLanded(client: Pick<pg.Pool, 'query'>): Promise<Landed[]> {
  const { rows } = await client.query<Landed>('select number, name, checksum from migration order by number')
  return rows
}

function pendingOf(migrations: readonly Migration[], landed: readonly Landed[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.number, migration]))
  for (const { number, name, checksum } of landed) {
    const ours = known.get(number)
    if (!ours) throw new ExchangeError('schema-newer', `the database has migration ${name}, which this release lacks`)
    if (ours.checksum !== checksum)
      throw new ExchangeError('migration-changed', `migration ${name} was edited after it landed`)
  }
  const done = new Set(landed.map(({ number }) => number))
  return migrations.filter(({ number }) => !done.has(number))
}

async function apply(client: pg.PoolClient, { number, name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into migration (number, name, checksum) values ($1, $2, $3)', [number, name, checksum])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
