import { sql } from 'kysely'
import t from 'tap'
import { withEndedEmbargo } from '../../src/access/refresh-access.ts'
import { changeAccess } from '../../src/access/start-access.ts'
import type { PeerCalls } from '../../src/sync/peer-calls.ts'
import { append, remark } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { start } from '../support/institute.ts'
import { type Follower, follow, mirrorOf, openFollower, openOrigin, seenBy } from '../support/peering.ts'

const { green, red } = marks

/** One record is taken from the follower, another given to it; of neither it has heard. */
async function openChange(t: Parameters<typeof openOrigin>[0]) {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const taken = await append(origin.deps, { mark: green })
  const given = await append(origin.deps, { mark: { ...green, embargoUntil: start + 60 } })
  await follow(follower)
  await remark(origin.deps, taken.recordId, red, red)
  origin.clock.seconds = start + 60
  follower.clock.seconds = start + 60
  await changeAccess(origin.deps, withEndedEmbargo(origin.clock.seconds))
  return { origin, follower, taken, given }
}

t.test('a pass that is cut off between the feed and what it grants goes on there', async (t) => {
  const { follower, given } = await openChange(t)
  await t.rejects(follow({ ...follower, calls: cutAt(follower, given.position) }))
  t.equal((await mirrorOf(follower)).accessAt, 1, 'the revocation is done')
  t.same(await seenBy(follower), [])
  t.equal((await follow(follower)).changed, 1)
  t.same(await seenBy(follower), [given.position])
})

t.test('a cursor never moves without its effect', async (t) => {
  const { follower, taken, given } = await openChange(t)
  const { db } = follower.deps
  for (const table of ['revoked', 'entry']) {
    await sql`create function fail() returns trigger language plpgsql as $$ begin raise 'power cut'; end $$`.execute(db)
    await sql`create trigger fail before insert or update on ${sql.table(table)} execute function fail()`.execute(db)
    const { accessAt } = await mirrorOf(follower)
    const seen = await seenBy(follower)
    await t.rejects(follow(follower))
    t.equal((await mirrorOf(follower)).accessAt, accessAt)
    t.same(await seenBy(follower), seen)
    await sql`drop function fail cascade`.execute(db)
    if (table === 'revoked') {
      await t.rejects(follow({ ...follower, calls: cutAt(follower, given.position) }))
      t.notOk((await seenBy(follower)).includes(taken.position))
    }
  }
  await follow(follower)
  t.same(await seenBy(follower), [given.position])
})

t.test('reading a log again goes on after it was cut off', async (t) => {
  const { follower, given } = await openChange(t)
  await follow(follower)
  await follower.deps.db.updateTable('log').set({ reread_from: 0 }).where('is_own', '=', false).execute()
  await t.rejects(follow({ ...follower, calls: cutAt(follower, 0) }))
  t.equal((await mirrorOf(follower)).rereadFrom, 0)
  await follow(follower)
  t.equal((await mirrorOf(follower)).rereadFrom, undefined)
  t.same(await seenBy(follower), [given.position])
})

t.test('a page does not open again what another process has closed by a later item meanwhile', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { position, recordId } = await append(origin.deps, { mark: green })
  await follow(follower)
  await follower.deps.db.updateTable('log').set({ reread_from: 0 }).where('is_own', '=', false).execute()
  const fetchEntries: PeerCalls['fetchEntries'] = async (asked) => {
    const page = await follower.calls.fetchEntries(asked)
    if (asked.from !== 0) return page
    await remark(origin.deps, recordId, red, red)
    const { log } = await mirrorOf(follower)
    await follower.deps.db.insertInto('revoked').values({ log, position, seq: 0 }).execute()
    return page
  }
  await follow({ ...follower, calls: { ...follower.calls, fetchEntries } })
  t.same(await seenBy(follower), [])
})

/** The line breaks when the page from `position` is asked for. */
function cutAt({ calls }: Follower, position: number): PeerCalls {
  return {
    ...calls,
    async fetchEntries(asked) {
      if (asked.from === position) throw new Error('the line is cut')
      return calls.fetchEntries(asked)
    },
  }
}
