import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import t from 'tap'
import { createEmptyDatabase } from '../../../../test/support/database.ts'
import { asViewer, openReader } from '../../src/access/as-viewer.ts'
import type { Viewer } from '../../src/access/may-open.ts'
import { planIsKept } from '../../src/database/keep-plans.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import type { Tables } from '../../src/database/tables.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { withdrawFinding } from '../../src/withdraw.ts'
import { append, appendGroup } from '../support/append.ts'
import { marks, observation } from '../support/content.ts'
import { call, openInstitute, start } from '../support/institute.ts'

const [b, c] = ['b', 'c'].map((name) => ({
  iss: `https://${name}.institute.example`,
  baseUrl: `https://${name}.example`,
  pin: 'A'.repeat(43),
})) as [{ iss: string; baseUrl: string; pin: string }, { iss: string; baseUrl: string; pin: string }]
const peerViewer = ({ iss }: { iss: string }): Viewer => ({ kind: 'peer', iss, ceiling: 'AMBER+STRICT' })
const everybody: Viewer = { kind: 'public' }
const staff: Viewer = { kind: 'person', subject: 'ada', staff: true }

t.test('the second wall', async (t) => {
  const institute = await openInstitute(t, { peers: [b, c] })
  const { deps } = institute
  const { reader } = deps
  const content = () => observation()
  const { circle, position: groupAt } = await appendGroup(deps, [{ iss: b.iss }])
  const clear = await append(deps, { mark: marks.clear, content: content() })
  const green = await append(deps, { content: content() })
  const amber = await append(deps, { mark: { tlp: 'AMBER', relay: 'none', group: circle }, content: content() })
  const red = await append(deps, { mark: { tlp: 'RED', relay: 'none' }, content: content(), readers: ['ada'] })
  const back = await append(deps, { mark: marks.clear, content: content() })
  const withdrawal = await withdrawFinding(deps, back.finding, { reason: 'error' }, call())
  await deps.writer.seal()
  await projectAll(deps)
  const common = [0, clear.position, green.position, back.position, withdrawal.position]
  const public_ = common.filter((position) => position !== green.position)

  await t.test('shows nothing of any table before a viewer is set', async (t) => {
    const { rows } = await sql<{ name: string }>`select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
      and has_any_column_privilege('concordance_reader', oid, 'select')`.execute(deps.db)
    const names = rows.map(({ name }) => name)
    t.same(
      names.filter((name) =>
        ['record', 'own_record', 'own_line', 'opening', 'withdrawn', 'log', 'search_open'].includes(name),
      ).length,
      7,
    )
    for (const name of names) t.equal(await count(reader, name), 0, name)
    t.same(await asViewer(deps, staff, (db) => count(db, 'log')), 1)
    const strangers = [{ kind: 'peer', iss: b.iss, ceiling: 'ULTRAVIOLET' }, { kind: 'robot' }]
    for (const stranger of strangers) {
      const seen = await asViewer(deps, stranger as unknown as Viewer, (db) => count(db, 'record'))
      t.equal(seen, 0, JSON.stringify(stranger))
    }
  })

  await t.test('holds where a query has no rule at all', async (t) => {
    const open = (viewer: Viewer) => asViewer(deps, viewer, listPositions)
    t.same(await open(everybody), { own_record: public_, record: public_, opening: public_, own_line: public_ })
    t.same((await open(peerViewer(c))).own_line, common)
    t.same(
      (await open(peerViewer(b))).own_line,
      [...common, groupAt, amber.position].sort((x, y) => x - y),
    )
    t.same((await open(staff)).own_line.length, 8)
    t.notOk((await open({ kind: 'person', subject: 'bo', staff: true })).own_line.includes(red.position))
  })

  await t.test('holds for every viewer under a plan that was made for another, and for one before', async (t) => {
    const own = await openReader({ url: institute.url, connections: 1 })
    t.teardown(() => own.destroy())
    const read = (db: Kysely<Tables>) =>
      sql<{
        position: number
      }>`select position from own_record where position < ${99} order by position ${planIsKept}`.execute(db)
    for (let i = 0; i < 4; i++) {
      for (const viewer of [everybody, peerViewer(b), peerViewer(c), staff]) {
        const expected = await asViewer(deps, viewer, listPositions)
        const { rows } = await asViewer({ ...deps, reader: own }, viewer, read)
        t.same(
          rows.map(({ position }) => position),
          expected.own_record,
          viewer.kind,
        )
      }
    }
    const kept = await sql`select generic_plans + custom_plans as uses from pg_prepared_statements`.execute(own)
    t.same(kept.rows, [{ uses: 16 }, { uses: 16 }], 'of who asks and of what is asked there is one statement each')
  })

  await t.test('asks the viewer’s rights by calls, which a connection plans once and no statement anew', async (t) => {
    const planOf = (name: string) =>
      asViewer(deps, staff, async (db) => {
        const { rows } = await sql<{ 'QUERY PLAN': string }>`explain (verbose) select from ${sql.table(name)}`.execute(
          db,
        )
        return rows.map((row) => row['QUERY PLAN']).join('\n')
      })
    const calls: [string, string[]][] = [
      [
        'record',
        [
          'wall_plain(false)',
          'wall_shut(false)',
          'wall_viewer()',
          'wall_plain(true)',
          'wall_shut(true)',
          'wall_asker()',
        ],
      ],
      ['own_record', ['wall_plain(false)', 'wall_shut(false)', 'wall_viewer()']],
      ['search_open', ['wall_open()', 'wall_ask()']],
    ]
    for (const [name, expected] of calls) {
      const plan = await planOf(name)
      for (const call of expected) t.ok(plan.includes(`Output: ${call}`), `${name}: ${call}`)
    }
  })

  await t.test('keeps the body of what was taken back, and every leaf stays', async (t) => {
    const { rows } = await asViewer(deps, everybody, (db) =>
      sql<{ position: number; has_body: boolean; has_statement: boolean }>`
        select position, body is not null as has_body, statement is not null as has_statement from own_line
        where leaf_hash is not null order by position`.execute(db),
    )
    t.equal(rows.length, 8)
    t.match(rows[back.position], { has_body: false, has_statement: true })
    t.match(rows[clear.position], { has_body: true, has_statement: true })
    t.match(rows[red.position], { has_body: false, has_statement: false })
    const opening = await asViewer(deps, staff, (db) =>
      db.selectFrom('opening').select('body').where('position', '=', back.position).executeTakeFirst(),
    )
    t.same(opening, { body: null })
  })

  await t.test('finds in what is open alone, and no words of what was taken back', async (t) => {
    const found = (viewer: Viewer) =>
      asViewer(deps, viewer, async (db) => {
        const { rows } = await sql<{ position: number }>`select position from search_open
          where words @@ 'swahili'::tsquery order by position`.execute(db)
        return rows.map(({ position }) => position)
      })
    t.same(await found(everybody), [clear.position])
    t.same(await found(peerViewer(c)), [clear.position, green.position])
    t.same(await found(peerViewer(b)), [clear.position, green.position, amber.position])
    t.same(await found(staff), [clear.position, green.position, amber.position, red.position])
  })

  await t.test('gives each of many uses at once its own viewer, and none to whoever comes after', async (t) => {
    const viewers = Array.from(
      { length: 60 },
      (_, i) => [everybody, peerViewer(b), peerViewer(c), staff][i % 4] as Viewer,
    )
    const sizes = await Promise.all(
      viewers.map((viewer, i) =>
        asViewer(deps, viewer, async (db) => {
          if (i % 5 === 4) await t.rejects(sql`select 1 / 0`.execute(db))
          await sql`select pg_sleep(${(i % 3) / 200})`.execute(db)
          return count(db, 'own_record')
        }),
      ),
    )
    t.same(
      sizes,
      viewers.map((_, i) => [4, 7, 5, 8][i % 4]),
    )
    await t.rejects(asViewer(deps, staff, () => Promise.reject(new Error('failed'))))
    for (let i = 0; i < 12; i++) t.equal(await asViewer(deps, everybody, (db) => count(db, 'own_record')), 4)
  })

  await t.test('lets the role read nothing else, write nothing, and stay itself', async (t) => {
    const refused = (query: string) => asViewer(deps, staff, (db) => sql.raw(query).execute(db))
    for (const query of [
      'select statement from entry',
      'select * from draft',
      'select * from search_entry',
      'select * from facet_set',
      'select * from person',
      'select * from session',
      'select * from audit_trail',
      'select sealing from log',
      'delete from record',
      'update own_record set tlp = tlp',
      `insert into withdrawn values (1, '', 0, 'hidden')`,
      'alter table record disable row level security',
    ]) {
      await t.rejects(refused(query), { code: '42501' }, query)
    }
    const role = await asViewer(deps, everybody, async (db) => {
      await sql`reset role`.execute(db)
      return sql<{ role: string }>`select current_user as role`.execute(db)
    })
    t.same(role.rows, [{ role: 'concordance_reader' }])
  })

  await t.test('judges by the clock of the node', async (t) => {
    const mark = { tlp: 'CLEAR', relay: 'any', embargoUntil: start + 5 } as const
    const { position } = await append(deps, { mark, content: content() })
    const sees = (seconds: number) =>
      asViewer({ reader, now: () => new Date(seconds * 1_000) }, everybody, listPositions).then(({ own_record }) =>
        own_record.includes(position),
      )
    t.same([await sees(start + 4), await sees(start + 5)], [false, true])
  })
})

t.test('a login that does not own the tables', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const database = await openDatabase({ url })
  t.teardown(() => database.close())
  const login = `login_${randomBytes(6).toString('hex')}`
  await database.pool.query(`create role ${login} login password 'secret'`)
  t.teardown(() => execute(url, `drop owned by ${login} cascade; drop role ${login}`))
  await database.pool.query(
    `grant create on schema public to ${login}; grant create on database ${new URL(url).pathname.slice(1)} to ${login}`,
  )
  const theirs = new URL(url)
  theirs.username = login
  theirs.password = 'secret'

  await t.test('may not migrate unless it may become the reader, and is told what an administrator runs', async (t) => {
    const own = await openDatabase({ url: theirs.href })
    t.teardown(() => own.close())
    const error = await migrate(own.pool).catch((reason) => reason)
    t.match(error, { code: '42501', hint: new RegExp(`grant concordance_reader to ${login}`) })
    await t.rejects(openReader({ url: theirs.href }), { code: 'database-unsafe' })
    await database.pool.query(`grant concordance_reader to ${login}`)
    t.ok((await migrate(own.pool)).includes('0006_second_wall.sql'))
    await (await openReader({ url: theirs.href })).destroy()
  })

  await t.test('reads behind the wall and cannot leave it, where it is a member of the reader alone', async (t) => {
    const reader = await openReader({ url: theirs.href })
    t.teardown(() => reader.destroy())
    const superuser = new URL(url).username
    await t.rejects(sql.raw(`set role ${superuser}`).execute(reader), { code: '42501' })
    await t.rejects(sql.raw(`set session authorization ${superuser}`).execute(reader), { code: '42501' })
    t.equal(await count(reader, 'log'), 0)
  })

  await t.test('keeps the role whatever options the address has', async (t) => {
    const address = new URL(theirs)
    address.searchParams.set('options', '-c role=none')
    const reader = await openReader({ url: address.href })
    t.teardown(() => reader.destroy())
    const { rows } = await sql`select current_user as role`.execute(reader)
    t.same(rows, [{ role: 'concordance_reader' }])
  })
})

async function count(db: Kysely<Tables>, name: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(name)}`.execute(db)
  return rows[0]?.count ?? -1
}

/** Everything that is open, by every way to it. */
async function listPositions(db: Kysely<Tables>) {
  const list = async (name: string, column = 'position') => {
    const { rows } = await sql<{ position: number }>`select position from ${sql.table(name)}
      where ${sql.ref(column)} is not null order by position`.execute(db)
    return rows.map(({ position }) => position)
  }
  return {
    own_record: await list('own_record'),
    record: await list('record'),
    opening: await list('opening'),
    own_line: await list('own_line', 'statement'),
  }
}

async function execute(connectionString: string, query: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(query).finally(() => client.end())
}
