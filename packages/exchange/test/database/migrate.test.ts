import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { createEmptyDatabase } from '../../../../test/support/database.ts'
import { migrate, requireMigrated } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'

const landed = join(import.meta.dirname, '../../../../migrations')

/** A copy of the real migrations with files of the test's own. */
async function folderWith(t: Test, files: Record<string, string>): Promise<string> {
  const folder = join(t.testdir(), 'migrations')
  await mkdir(folder)
  for (const name of await readdir(landed)) await writeFile(join(folder, name), await readFile(join(landed, name)))
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql)
  return folder
}

async function emptyDatabase(t: Test) {
  const database = await openDatabase(await createEmptyDatabase(t))
  t.teardown(() => database.close())
  return database.pool
}

t.test('migrating', async (t) => {
  await t.test('brings an empty database to this release, once, also when two processes try', async (t) => {
    const pool = await emptyDatabase(t)
    await t.rejects(requireMigrated(pool), { code: 'schema-older' })
    const applied = (await Promise.all([migrate(pool), migrate(pool)])).flat()
    t.equal(applied.length, new Set(applied).size)
    t.same(await migrate(pool), [])
    await t.resolves(requireMigrated(pool))
  })

  await t.test('continues after a migration that failed, which left nothing behind', async (t) => {
    const pool = await emptyDatabase(t)
    const broken = await folderWith(t, { '9001_broken.sql': 'create table half (id int); select 1 / 0' })
    await t.rejects(migrate(pool, broken), { code: '22012' })
    await t.rejects(pool.query('select from half'), { code: '42P01' })
    await writeFile(join(broken, '9001_broken.sql'), 'create table half (id int)')
    t.same(await migrate(pool, broken), ['9001_broken.sql'])
  })

  await t.test('refuses a database of a newer release and a file that was edited after it landed', async (t) => {
    const pool = await emptyDatabase(t)
    const newer = await folderWith(t, { '9001_later.sql': 'create table later (id int)' })
    await migrate(pool, newer)
    await t.rejects(migrate(pool), { code: 'schema-newer' })
    await t.rejects(requireMigrated(pool), { code: 'schema-newer' })
    await writeFile(join(newer, '9001_later.sql'), 'create table later (id bigint)')
    await t.rejects(migrate(pool, newer), { code: 'migration-changed' })
  })
})

t.test('opening a database', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  t.teardown(() => admin.end())
  const name = new URL(url).pathname.slice(1)

  await t.test('refuses a server that may lose what it acknowledged', async (t) => {
    await admin.query(`alter database ${name} set synchronous_commit = off`)
    await t.rejects(openDatabase({ url }), { code: 'database-unsafe' })
    await admin.query(`alter database ${name} reset synchronous_commit`)
    const database = await openDatabase({ url })
    await database.close()
  })

  await t.test('and closing it leaves no connection behind, whatever it was used for', async (t) => {
    const { pool, close } = await openDatabase({ url })
    await migrate(pool)
    await close()
    t.ok(pool.ended)
    t.equal(pool.totalCount, 0)
  })

  await t.test('says that there is no answer, and nothing of the password', async (t) => {
    const error = await openDatabase({ url: 'postgres://ada:secret@127.0.0.1:1/none' }).catch((reason) => reason)
    t.match(error, { code: 'store-unavailable' })
    t.notMatch(error.message, /secret/)
  })

  await t.test('reads bigint as a number', async (t) => {
    const database = await openDatabase({ url })
    const { rows } = await database.pool.query('select 9007199254740991::bigint as most')
    t.equal(rows[0].most, Number.MAX_SAFE_INTEGER)
    await t.rejects(database.pool.query('select 9007199254740992::bigint'), RangeError)
    await database.close()
  })
})
