import pg from 'pg'
import t from 'tap'
import { createTestDatabase } from '../../../test/support/database.ts'
import { connectionSettings } from '../src/database/open.ts'
import { openWake } from '../src/wake.ts'
import { silent } from './support/institute.ts'

t.test('a wake-up signal', async (t) => {
  const { url } = await createTestDatabase(t)
  const [here, there] = [
    await openWake(connectionSettings(url), silent),
    await openWake(connectionSettings(url), silent),
  ]
  t.teardown(() => Promise.all([here.close(), there.close()]))

  await t.test('ends a wait in this process and in another one', async (t) => {
    const waits = [here, there].map((wake) => wake.wait('log:a', 3, 20_000))
    here.announce('log:a', 4)
    await Promise.all(waits)
    t.same([here.latest('log:a'), there.latest('log:a')], [4, 4])
  })

  await t.test('that is known already ends a wait before it begins', async (t) => {
    await here.wait('log:a', 3, 20_000)
    t.pass()
  })

  await t.test('does not end a wait for another topic or for more', async (t) => {
    const waiting = Promise.all([
      here.wait('log:a', 9, 200).then(() => 'over'),
      here.wait('hint:b', 0, 200).then(() => 'over'),
    ])
    here.announce('log:a', 5)
    t.same(await waiting, ['over', 'over'])
  })

  await t.test('comes again after the connection was lost', async (t) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
    )
    await client.end()
    const waiting = there.wait('log:a', 5, 20_000)
    const announcing = setInterval(() => here.announce('log:a', 6), 100)
    await waiting
    clearInterval(announcing)
    t.equal(there.latest('log:a'), 6)
  })

  await t.test('from somebody else on the channel does nothing', async (t) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`notify concordance_wake, 'rubbish'; notify concordance_wake, '{"topic":7}'`)
    await client.end()
    here.announce('log:c', 1)
    await there.wait('log:c', 0, 20_000)
    t.equal(there.latest('log:c'), 1)
  })
})
