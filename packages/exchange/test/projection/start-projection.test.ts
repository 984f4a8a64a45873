import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Viewer } from '../../src/access/may-open.ts'
import type { Deps } from '../../src/deps.ts'
import { startProjection } from '../../src/projection/start-projection.ts'
import { append } from '../support/append.ts'
import { observation } from '../support/content.ts'
import { openInstitute, start } from '../support/institute.ts'
import { searchFor } from '../support/search-for.ts'

const reader: Viewer = { kind: 'person', subject: 'ada', staff: true }
const withinMs = 8_000

t.test('what we publish is found while the log of somebody else is still being indexed', async (t) => {
  const { deps } = await openInstitute(t)
  const log = await copyRecord(deps, 'Seen by a peer: quetzal.')
  const held = await holdEntry(deps, log)
  const projection = startProjection(deps)
  try {
    await held.untilWaitedFor()
    await append(deps, { content: observation('Seen here: lighthouse.') })
    t.equal((await untilFound(deps, 'lighthouse')).length, 1)
    t.strictSame(await searchFor(deps, reader, 'quetzal'), [], 'the other log is still at it')
    await held.release()
    t.equal((await untilFound(deps, 'quetzal')).length, 1, 'and goes on')
  } finally {
    await held.release()
    await projection.stop()
  }
})

async function untilFound(deps: Deps, word: string) {
  const until = performance.now() + withinMs
  for (;;) {
    const found = await searchFor(deps, reader, word)
    if (found.length > 0 || performance.now() > until) return found
    await sleep(50)
  }
}

/** A record of a peer that is read and listed here, and not yet in the index. */
async function copyRecord({ db }: Deps, seen: string): Promise<number> {
  const iss = 'https://b.institute.example'
  const { id: log } = await db
    .insertInto('log')
    .values({ origin: 'b/log/1', iss, size: 1, staged_size: 1, state_reason: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  const record_id = randomBytes(32)
  const place = { log, position: 0, record_id }
  const body = Buffer.from(JSON.stringify(observation(seen)))
  await db
    .insertInto('entry')
    .values({ ...place, leaf_hash: record_id, statement: Buffer.from('signed'), body })
    .execute()
  const mark = JSON.stringify({ tlp: 'CLEAR', relay: 'any' })
  const said = {
    iss,
    type: 'observation',
    finding: randomUUID(),
    version: 1,
    iat: start,
    lang: 'en',
    tlp: 'CLEAR',
    mark,
  }
  await db
    .insertInto('record')
    .values({ ...place, ...said, has_body: true })
    .execute()
  await db.insertInto('projection').values({ log, position: 1 }).execute()
  return log
}

/** Whoever writes the same entry waits until this transaction is over. */
async function holdEntry({ pool }: Deps, log: number) {
  const client = await pool.connect()
  await client.query('begin')
  await client.query(
    `insert into search_entry (log, position, iat, label, newer_lowest, newer_highest, tlp, head, system, test, risk, setting, words)
     values ($1, 0, 0, 0, 9, -1, 'CLEAR', 0, 0, 0, 0, 0, '')`,
    [log],
  )
  let isHeld = true
  return {
    async untilWaitedFor() {
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      while ((await pool.query(waiting)).rows.length === 0) await sleep(20)
    },
    async release() {
      if (!isHeld) return
      isHeld = false
      await client.query('rollback')
      client.release()
    },
  }
}
