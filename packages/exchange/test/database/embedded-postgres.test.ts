import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type QueryResultRow } from 'pg'
import t from 'tap'
import {
  findEmbeddedPostgres,
  joinEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/database/embedded-postgres.ts'

t.test('an embedded server', async (t) => {
  const dataDir = join(t.testdir(), 'postgres')
  let server = await startEmbeddedPostgres({ dataDir })
  t.teardown(() => server.stop())

  await t.test('is durable, checks its pages, speaks UTF-8 and UTC, and asks for a password', async (t) => {
    const settings = await query(
      server,
      `select current_setting('fsync') fsync, current_setting('synchronous_commit') commit,
              current_setting('data_checksums') checksums, current_setting('server_encoding') encoding,
              current_setting('timezone') timezone, lower('ÉÜ') lower`,
    )
    t.strictSame(settings, [
      { fsync: 'on', commit: 'on', checksums: 'on', encoding: 'UTF8', timezone: 'UTC', lower: 'éü' },
    ])
    const stranger = new Client({ connectionString: server.url.replace(/:[^:@]+@/, ':wrong@') })
    await t.rejects(stranger.connect(), { code: '28P01' })
  })

  await t.test('listens on loopback only', async (t) => {
    t.strictSame(await query(server, `select current_setting('listen_addresses') addresses`), [
      { addresses: '127.0.0.1' },
    ])
  })

  await t.test('keeps its password to its own user', async (t) => {
    t.equal(statSync(join(dataDir, 'password')).mode & 0o777, 0o600)
    t.equal(statSync(dataDir).mode & 0o777, 0o700)
  })

  await t.test('writes neither statements nor row values to its log', async (t) => {
    await query(server, 'create table secret (word text primary key)')
    await query(server, `insert into secret values ('canary')`)
    await t.rejects(query(server, `insert into secret values ('canary')`), { code: '23505' })
    const log = readFileSync(join(dataDir, 'server.log'), 'utf8')
    t.match(log, 'duplicate key')
    t.notMatch(log, 'canary')
  })

  await t.test('keeps data and port over a stop and a start', async (t) => {
    await query(server, 'create table kept as select 42 as answer')
    const before = server
    await server.stop()
    t.equal(isAlive(before.pid), false)
    server = await startEmbeddedPostgres({ dataDir })
    t.strictSame(await query(server, 'select answer from kept'), [{ answer: 42 }])
    t.equal(server.port, before.port)
  })

  await t.test('recovers what was committed when it was killed', async (t) => {
    await query(server, 'create table committed as select 43 as answer')
    server.kill()
    server = await startEmbeddedPostgres({ dataDir })
    t.strictSame(await query(server, 'select answer from committed'), [{ answer: 43 }])
  })

  await t.test('is refused to a second start while the first process lives, and goes on', async (t) => {
    await t.rejects(startEmbeddedPostgres({ dataDir }), { code: 'in-use' })
    t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }])
  })

  await t.test('takes another port when the one it had is taken', async (t) => {
    await server.stop()
    const { port } = server
    const other = createServer().listen(port, '127.0.0.1')
    await once(other, 'listening')
    server = await startEmbeddedPostgres({ dataDir })
    t.not(server.port, port)
    other.close()
  })

  await t.test('takes settings that win over the defaults, and the port that it is given', async (t) => {
    await server.stop()
    const port = server.port
    server = await startEmbeddedPostgres({ dataDir, port, settings: { max_connections: '17' } })
    t.equal(server.port, port)
    t.strictSame(await query(server, `select current_setting('max_connections')::int as n`), [{ n: 17 }])
  })

  await t.test('can be stopped twice', async (t) => {
    await server.stop()
    await t.resolves(server.stop())
  })
})

t.test('a server is reached by a socket in its own folder, or by TCP where the name would be too long', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'pg-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const wayTo = async (dataDir: string) => {
    const server = await startEmbeddedPostgres({ dataDir })
    const [way] = await query(server, 'select inet_client_addr() is null as is_socket')
    await query({ url: server.url.replace(/\?.*/, '') }, 'select 1') // what knows no sockets comes by TCP
    t.equal(await findEmbeddedPostgres(dataDir), server.url)
    await server.stop()
    return way
  }
  const [short, long] = [join(root, 'short'), join(root, 'long'.repeat(30))]
  t.strictSame(await Promise.all([short, long].map(wayTo)), [{ is_socket: true }, { is_socket: false }])
  t.equal(statSync(join(short, 'cluster')).mode & 0o077, 0, 'nobody else can enter the folder of the socket')
})

t.test('a server that cannot start says why, with the end of its log', async (t) => {
  const dataDir = join(t.testdir(), 'postgres')
  const settings = { max_connections: 'many' }
  await t.rejects(startEmbeddedPostgres({ dataDir, settings }), { code: 'start-failed', message: /max_connections/ })

  const server = await startEmbeddedPostgres({ dataDir })
  t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }])
  await server.stop()
})

t.test('a cluster that was half made when the machine stopped is made again', async (t) => {
  const dataDir = join(t.testdir({ postgres: { 'initdb-half': { PG_VERSION: '18' } } }), 'postgres')
  const server = await startEmbeddedPostgres({ dataDir })
  t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }])
  t.throws(() => statSync(join(dataDir, 'initdb-half')), { code: 'ENOENT' })
  await server.stop()
})

t.test('two processes that start at the same moment on an empty folder come to one server', async (t) => {
  const dataDir = join(t.testdir(), 'postgres')
  const joined = await Promise.all([startOwner(dataDir, 'join'), startOwner(dataDir, 'join')])
  const [first, second] = joined
  t.equal(first?.url, second?.url)
  t.strictSame(await query({ url: first?.url ?? '' }, 'select 1 as one'), [{ one: 1 }])
  for (const { owner } of joined) owner.kill('SIGKILL')
  await until(() => joined.every(({ postmaster }) => postmaster === 0 || !isAlive(postmaster)))
})

t.test('a start waits for the end of a server that is there for one command only', async (t) => {
  const dataDir = join(t.testdir(), 'postgres')
  const order: string[] = []
  const brief = await joinEmbeddedPostgres({ dataDir, brief: true })
  await query(brief, 'create table kept as select 44 as answer')
  const started = startEmbeddedPostgres({ dataDir }).finally(() => order.push('started'))
  await query(brief, 'select pg_sleep(0.3)')
  order.push('ended')
  await brief.stop()
  const server = await started
  t.strictSame(order, ['ended', 'started'])
  t.strictSame(await query(server, 'select answer from kept'), [{ answer: 44 }])

  const guest = await joinEmbeddedPostgres({ dataDir, brief: true })
  t.equal(guest.url, server.url, 'where one runs it is joined')
  await guest.stop()
  t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }], 'and goes on')
  await server.stop()
})

t.test('the start lock of a process that has gone is taken over', async (t) => {
  const gone = spawn(process.execPath, ['-e', '0'])
  await once(gone, 'exit')
  const locks = [`${gone.pid} 1`, `${process.pid} 1`] // the second: the id is in use again, by a later process
  for (const lock of locks) {
    const dataDir = join(t.testdir({ postgres: { 'start.lock': t.fixture('symlink', lock) } }), 'postgres')
    const server = await startEmbeddedPostgres({ dataDir })
    t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }])
    t.throws(() => lstatSync(join(dataDir, 'start.lock')), { code: 'ENOENT' })
    await server.stop()
  }
})

t.test('a server runs below a folder that only the user of this process can enter', async (t) => {
  const closed = join(t.testdir(), 'closed')
  mkdirSync(closed)
  chmodSync(closed, 0o700)
  const server = await startEmbeddedPostgres({ dataDir: join(closed, 'postgres') })
  t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }])
  await server.stop()
})

t.test('a password file that was lost is named, not replaced', async (t) => {
  const dataDir = join(t.testdir({ postgres: { cluster: {} } }), 'postgres')
  await t.rejects(startEmbeddedPostgres({ dataDir }), { code: 'password-missing' })
  t.throws(() => statSync(join(dataDir, 'password')), { code: 'ENOENT' })
})

t.test('a server stops in order soon after its process', async (t) => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await t.test(`was ended by ${signal}, and the folder can be started again`, async (t) => {
      const dataDir = join(t.testdir(), 'postgres')
      const { owner, postmaster } = await startOwner(dataDir)
      owner.kill(signal)
      await once(owner, 'exit')
      await until(() => !isAlive(postmaster))
      t.match(readFileSync(join(dataDir, 'server.log'), 'utf8'), 'database system is shut down')

      const server = await startEmbeddedPostgres({ dataDir })
      t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }])
      await server.stop()
    })
  }
})

t.test('a server whose process was killed is stopped by the next start', async (t) => {
  const dataDir = join(t.testdir(), 'postgres')
  const { owner, postmaster } = await startOwner(dataDir)
  owner.kill('SIGKILL')
  const server = await startEmbeddedPostgres({ dataDir })
  t.not(server.pid, postmaster)
  t.strictSame(await query(server, 'select 1 as one'), [{ one: 1 }])
  await server.stop()
})

t.test('the lock of a process id that now belongs to another program is not obeyed', async (t) => {
  const dataDir = join(t.testdir(), 'postgres')
  const server = await startEmbeddedPostgres({ dataDir })
  server.kill()
  await until(() => !isAlive(server.pid))
  const lock = join(dataDir, 'cluster', 'postmaster.pid')
  const [, ...rest] = readFileSync(lock, 'utf8').split('\n')
  writeFileSync(lock, [process.pid, ...rest].join('\n'))
  const again = await startEmbeddedPostgres({ dataDir })
  t.strictSame(await query(again, 'select 1 as one'), [{ one: 1 }])
  await again.stop()
})

async function query(server: { readonly url: string }, sql: string): Promise<QueryResultRow[]> {
  const client = new Client({ connectionString: server.url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

interface Owner {
  readonly owner: ChildProcess
  readonly postmaster: number
  readonly url: string
}

async function startOwner(dataDir: string, how: 'start' | 'join' = 'start'): Promise<Owner> {
  const script = join(import.meta.dirname, 'embedded-postgres-owner.ts')
  const owner = spawn(process.execPath, [script, dataDir, how], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(owner, 'exit').then(() => Promise.reject(new Error('the owner ended before its server was up')))
  const [line] = await Promise.race([once(owner.stdout, 'data'), ended])
  ended.catch(() => {}) // it is ended later, on purpose
  const [postmaster, url = ''] = String(line).trim().split(' ')
  return { owner, postmaster: Number(postmaster), url }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('did not happen within 20 s')
    await sleep(20)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
