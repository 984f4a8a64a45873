import { type SqlBool, sql } from 'kysely'
import t from 'tap'
import { changeAccess } from '../../src/access/start-access.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { append } from '../support/append.ts'
import { openInstitute, start } from '../support/institute.ts'

t.test(
  'the projection goes on while somebody has the log for themselves, and so cannot wait for who waits for it',
  async (t) => {
    const peer = { iss: 'https://b.institute.example', baseUrl: 'https://b.example', pin: 'A'.repeat(43) }
    const { deps } = await openInstitute(t, { peers: [peer] })
    await append(deps, { mark: { tlp: 'GREEN', relay: 'none', embargoUntil: start + 60 } })
    await deps.writer.seal()
    const slow = sql<SqlBool>`own_record.position >= 0 and (select pg_sleep(1)) is not null`
    let isChanged = false
    const changing = changeAccess(deps, slow).then(() => {
      isChanged = true
    })
    await isLocked()
    await projectAll(deps)
    t.notOk(isChanged, 'it did not wait')
    const { rows } = await sql`select from record`.execute(deps.db)
    t.equal(rows.length, 2)
    await changing

    async function isLocked(): Promise<void> {
      for (;;) {
        const { rows } = await sql`select from log where is_own for no key update skip locked`.execute(deps.db)
        if (rows.length === 0) return
      }
    }
  },
)
