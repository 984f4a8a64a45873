import { Client } from 'pg'
import t from 'tap'
import { createEmptyDatabase, createTestDatabase } from './database.ts'

t.test('a test has a database of its own, without content, that is gone when the test has ended', async (t) => {
  const urls: string[] = []
  await t.test('in one test', async (t) => {
    const [first, second] = [await createTestDatabase(t), await createTestDatabase(t)]
    urls.push(first.url, second.url)
    const client = new Client({ connectionString: first.url })
    client.on('error', () => {}) // it is still connected when its database is dropped
    await client.connect()
    await client.query('create table only_here (id int)')
    const { rows } = await client.query('select count(*)::int as tables from pg_tables where tablename = $1', [
      'only_here',
    ])
    t.strictSame(rows, [{ tables: 1 }])
  })
  t.equal(new Set(urls).size, 2)
  await t.test('of this release, or before any migration', async (t) => {
    const tables = async (url: string) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      const { rows } = await client.query("select to_regclass('migration') is not null as migrated")
      await client.end()
      return rows
    }
    t.strictSame(await tables((await createTestDatabase(t)).url), [{ migrated: true }])
    t.strictSame(await tables((await createEmptyDatabase(t)).url), [{ migrated: false }])
  })
  for (const url of urls) {
    await t.rejects(new Client({ connectionString: url }).connect(), { code: '3D000' })
  }
})
