import fc from 'fast-check'
import t from 'tap'
import { createTestDatabase } from '../../../../test/support/database.ts'
import { copyEntries, type EntryRow } from '../../src/database/copy.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'

t.test('copying entries', async (t) => {
  const { pool, close } = await openDatabase(await createTestDatabase(t))
  t.teardown(close)
  await migrate(pool)
  const { rows } = await pool.query(`insert into log (origin, iss) values ('o/log/1', 'https://o') returning id`)
  const log = rows[0].id
  const client = await pool.connect()
  t.teardown(() => client.release())
  const id = (position: number) => Buffer.alloc(32, `id ${position} `)
  const row = (position: number, parts: Partial<EntryRow> = {}): EntryRow => ({
    log,
    position,
    leafHash: Buffer.alloc(32, 1),
    ...parts,
  })

  await t.test('stores exactly the given bytes, whatever their length', async (t) => {
    const texts = fc.option(
      fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => text.isWellFormed()),
      { nil: undefined },
    )
    const entries = fc.array(fc.record({ statement: texts, body: texts }), { minLength: 1, maxLength: 30 })
    let next = 0
    const property = fc.asyncProperty(entries, async (parts) => {
      const from = next
      next += parts.length
      await copyEntries(
        client,
        parts.map((part, index) => row(from + index, { ...part, recordId: id(from + index) })),
      )
      const stored = await client.query('select statement, body from entry where position >= $1 order by position', [
        from,
      ])
      const texts = stored.rows.map(({ statement, body }) => ({
        statement: statement?.toString(),
        body: body?.toString(),
      }))
      t.strictSame(
        texts,
        parts.map(({ statement, body }) => ({ statement, body })),
      )
    })
    await fc.assert(property, { numRuns: 20, seed: 3 })
  })

  await t.test('takes rows larger than its buffer', async (t) => {
    const body = 'x'.repeat(300_000)
    await copyEntries(client, [row(10_000, { recordId: id(10_000), statement: 's', body }), row(10_001)])
    const stored = await client.query('select octet_length(body) as size from entry where position = 10000')
    t.equal(stored.rows[0].size, body.length)
  })

  await t.test('of nothing stores nothing', async (t) => {
    await copyEntries(client, [])
    t.pass()
  })

  await t.test('is refused as a whole when one position is taken, and the connection goes on', async (t) => {
    await t.rejects(copyEntries(client, [row(20_000), row(10_000), row(20_001)]), { code: '23505' })
    const { rows } = await client.query('select from entry where position >= 20000')
    t.equal(rows.length, 0)
  })
})
