import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { connectionSettings } from '../../src/database/open.ts'
import type { Deps } from '../../src/deps.ts'
import { getReadiness } from '../../src/describe-node.ts'
import { getSealedCheckpoint } from '../../src/log/checkpoints.ts'
import { confirmByPeers, confirmLog } from '../../src/log/confirm.ts'
import { createLogWriter } from '../../src/log/writer.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { appendRecord } from '../../src/publish.ts'
import { getRecord } from '../../src/records.ts'
import { input } from '../support/content.ts'
import { call, type Institute, openInstitute } from '../support/institute.ts'

const operator = { actor: 'operator', reason: 'restored from last night, nobody had seen more' }

/** Copies the institute's database as it is, as a backup does; a restore is a node on the copy. */
async function backUp(t: Test, { url }: Institute): Promise<string> {
  const [server, name, copy] = [new URL(url), new URL(url).pathname.slice(1), `${new URL(url).pathname.slice(1)}_copy`]
  server.pathname = '/postgres'
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
  await client.query(`create database ${copy} template ${name}`)
  t.teardown(async () => {
    await client.query(`drop database if exists ${copy} with (force)`)
    await client.end()
  })
  server.pathname = `/${copy}`
  return server.href
}

/** A node, some records, a stop, a backup, and a node again that publishes `more` records which the backup lacks. */
async function withBackup(t: Test, more: number): Promise<{ institute: Institute; backup: string; newest: string }> {
  const institute = await openInstitute(t)
  for (let i = 0; i < 3; i++) await appendRecord(institute.deps, input(), call())
  await institute.stop()
  const backup = await backUp(t, institute)
  const again = await institute.open()
  for (let i = 0; i < more; i++) await appendRecord(again.deps, input(), call())
  await again.deps.writer.seal()
  const newest = await getSealedCheckpoint(again.deps)
  await again.stop()
  return { institute, backup, newest: newest.checkpoint }
}

const publish = (deps: Deps) => appendRecord(deps, input(), call())
const sizeOf = async (deps: Deps) => (await getSealedCheckpoint(deps)).size

t.test('a node that stops and starts again goes on publishing', async (t) => {
  const institute = await openInstitute(t)
  await publish(institute.deps)
  await institute.stop()
  const { deps } = await institute.open()
  t.equal(await getReadiness(deps), 'confirmed')
  await t.resolves(publish(deps))
})

for (const more of [1, 4]) {
  t.test(`a database restored from a backup that lacks ${more} signed records`, async (t) => {
    const { institute, backup, newest } = await withBackup(t, more)
    const { deps } = await institute.open(backup)

    await t.test('is refused for publishing, and reads on', async (t) => {
      t.equal(await getReadiness(deps), 'unconfirmed')
      await t.rejects(publish(deps), { code: 'log-unconfirmed' })
      await projectAll(deps)
      const { record_id } = await deps.db
        .selectFrom('entry')
        .select('record_id')
        .where('position', '=', 2)
        .executeTakeFirstOrThrow()
      const record = await getRecord(
        deps,
        { kind: 'person', subject: 'ada', staff: true },
        record_id?.toString('base64url') ?? '',
      )
      t.equal(record.position, 2)
    })

    await t.test('signs nothing, not even the size it already signed', async (t) => {
      await t.rejects(deps.writer.seal({ freshenAfterSeconds: 0 }), { code: 'log-unconfirmed' })
    })

    await t.test(
      'is not confirmed by a peer that has not seen more either: the guard knows that more was signed',
      async (t) => {
        const { checkpoint } = await getSealedCheckpoint(deps)
        t.equal(await confirmByPeers(deps, [checkpoint]), 'unconfirmed')
      },
    )

    await t.test('is not confirmed, by nobody, once a peer shows the newer checkpoint', async (t) => {
      t.equal(await confirmByPeers(deps, [newest]), 'unconfirmed')
      await t.rejects(confirmLog(deps, { ...operator, size: 4 }), { code: 'conflict' })
      await t.rejects(publish(deps), { code: 'log-unconfirmed' })
    })
  })
}

t.test('an operator may answer for a restored database while no peer contradicts', async (t) => {
  const { institute, backup } = await withBackup(t, 2)
  const { deps } = await institute.open(backup)
  await t.rejects(confirmLog(deps, { ...operator, size: 6 }), { code: 'conflict' }, 'not for another state of the log')
  await confirmLog(deps, { ...operator, size: 4 })
  await t.resolves(publish(deps))
  const act = await deps.db.selectFrom('audit').selectAll().where('act', '=', 'log.confirm').executeTakeFirst()
  t.match(act, { actor: 'operator', detail: { size: 4, reason: operator.reason, was: 'signed-beyond' } })
  await t.rejects(
    confirmLog(deps, { ...operator, size: 5 }),
    { code: 'conflict' },
    'a confirmed log needs no confirmation',
  )
})

t.test('a lost guard', async (t) => {
  const institute = await openInstitute(t)
  await publish(institute.deps)
  await institute.deps.writer.seal()
  const { checkpoint } = await getSealedCheckpoint(institute.deps)
  await institute.stop()
  await rm(join(institute.dataDir, 'guard'))
  const { deps } = await institute.open()

  await t.test('leaves the log unconfirmed', async (t) => {
    t.equal(await getReadiness(deps), 'unconfirmed')
    await t.rejects(publish(deps), { code: 'log-unconfirmed' })
  })

  await t.test('is not made up for by silence, or by what is not signed with our key', async (t) => {
    const stranger = await openInstitute(t, { iss: 'https://b.institute.example' })
    const { checkpoint: foreign } = await getSealedCheckpoint(stranger.deps)
    t.equal(await confirmByPeers(deps, []), 'unconfirmed')
    t.equal(await confirmByPeers(deps, [foreign, 'rubbish', `${checkpoint.slice(0, -6)}AAAAAA`]), 'unconfirmed')
  })

  await t.test(
    'is made up for by a peer that shows our newest checkpoint, and the act stands in the audit trail',
    async (t) => {
      t.equal(await confirmByPeers(deps, [checkpoint]), 'following')
      await t.resolves(publish(deps))
      t.ok(await deps.db.selectFrom('audit').selectAll().where('actor', '=', 'peers').executeTakeFirst())
    },
  )
})

t.test('database and guard restored together', async (t) => {
  const { institute, backup, newest } = await withBackup(t, 1)
  await rm(join(institute.dataDir, 'guard'))
  const { deps } = await institute.open(backup)
  await confirmLog(deps, { ...operator, size: 4 }) // now both agree on the older head, as after a restore of the whole machine
  t.equal(await getReadiness(deps), 'confirmed')

  await t.test('stop publishing as soon as a peer shows what the backup has forgotten', async (t) => {
    t.equal(await confirmByPeers(deps, [newest]), 'unconfirmed')
    await t.rejects(publish(deps), { code: 'log-unconfirmed' })
  })
})

t.test('a database that fails over to a lagging standby while the node runs', async (t) => {
  const { institute, backup } = await withBackup(t, 1)
  const { deps } = await institute.open()
  const connection = connectionSettings(backup)
  const reloadSigners = async () => {}
  const writer = createLogWriter({ ...deps, identity: deps.identity as never, reloadSigners, connection })
  t.teardown(() => writer.close())

  await t.test('is noticed by the next append', async (t) => {
    await t.rejects(appendRecord({ ...deps, writer }, input(), call()), { code: 'log-unconfirmed' })
    const standby = await institute.open(backup)
    t.equal(await getReadiness(standby.deps), 'unconfirmed')
  })
})

t.test('a crash between guard and commit', async (t) => {
  const institute = await openInstitute(t)
  await publish(institute.deps)
  await institute.deps.writer.seal()
  const { guard } = institute.deps
  const dying = {
    ...institute.deps,
    identity: institute.deps.identity as never,
    reloadSigners: async () => {},
    connection: connectionSettings(institute.url),
    guard: {
      ...guard,
      async intend(...heads: Parameters<typeof guard.intend>) {
        await guard.intend(...heads)
        throw new Error('the process ends here')
      },
    },
  }
  const writer = createLogWriter(dying)
  t.teardown(() => writer.close())

  await t.test('appends nothing and acknowledges nothing', async (t) => {
    await t.rejects(appendRecord({ ...institute.deps, writer }, input(), call()), { message: 'the process ends here' })
    t.match(guard.read(), { prev: { size: 2 }, last: { size: 3 } }, 'the guard is one append ahead')
  })

  await t.test('needs no confirmation at the next start, and the position goes to another record', async (t) => {
    await institute.stop()
    const { deps } = await institute.open()
    t.equal(await getReadiness(deps), 'confirmed')
    t.equal((await publish(deps)).position, 2)
    await deps.writer.seal()
    t.equal(await sizeOf(deps), 3)
  })
})

t.test('a crash between commit and signature', async (t) => {
  const institute = await openInstitute(t)
  const hold = await institute.deps.pool.connect()
  await hold.query('select pg_advisory_lock(4811002)') // the seal waits, so the append stays unsigned
  const receipt = await publish(institute.deps)
  t.equal(await sizeOf(institute.deps), 1)
  hold.release(true)
  const { deps } = await institute.open()

  await t.test('is made up for at the next start, before anything else', async (t) => {
    t.equal(await sizeOf(deps), receipt.position + 1)
  })
})
