import { parseAccessPageUnsafe } from '@concordance/protocol'
import t from 'tap'
import { readAccessPage } from '../../src/access/access-feed.ts'
import { findGroup } from '../../src/access/groups.ts'
import { readPage } from '../../src/log/entries.ts'
import { listRecords } from '../../src/records.ts'
import { append, appendGroup, remark } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { b, c, type Follower, follow, openFollower, openOrigin, seenBy } from '../support/peering.ts'

const { clear, green } = marks

t.test('a group of a peer', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin, { peers: [c] })
  const first = await appendGroup(origin.deps, [{ iss: b.iss }, { iss: c.iss }])
  let newest = first
  await follow(follower)
  const own = await append(follower.deps, { mark: { ...marks.amber, group: first.circle } })
  const opensTo = async (peer: { iss: string }) => {
    const { entries } = await readPage(follower.deps, peer, { from: own.position, limit: 1 })
    return entries[0]?.state
  }

  await t.test('says to whom our own records for it open', async (t) => {
    t.equal(await opensTo(c), 'open')
    t.equal(await opensTo(origin), 'hash')
    t.equal((await findGroup(follower.deps.db, first.circle))?.members.length, 2)
  })

  await t.test('takes them back from a member who left, and says so in the feed', async (t) => {
    newest = await appendGroup(origin.deps, [{ iss: b.iss }], { ...first.circle, version: 2, prev: newest.recordId })
    await follow(follower)
    t.equal(await opensTo(c), 'hash')
    t.same(await feedOf(follower, c), [`revoked ${own.position}`])

    await t.test('and an older snapshot that comes later changes nothing', async (t) => {
      const pending = { log: (await logOf(follower)) as number, position: first.position }
      await follower.deps.db.insertInto('control_pending').values(pending).execute()
      await append(origin.deps)
      await follow(follower)
      t.equal(await opensTo(c), 'hash')
    })
  })

  await t.test('is nobody when its newest snapshot is closed to us', async (t) => {
    newest = await appendGroup(origin.deps, [{ iss: c.iss }], { ...first.circle, version: 3, prev: newest.recordId })
    await follow(follower)
    t.same(await findGroup(follower.deps.db, first.circle), { validUntil: 0, members: [] })
    t.equal(await opensTo(c), 'hash')
  })

  await t.test('is what the next snapshot says when we are in it again', async (t) => {
    newest = await appendGroup(origin.deps, [{ iss: b.iss }, { iss: c.iss }], {
      ...first.circle,
      version: 4,
      prev: newest.recordId,
    })
    await follow(follower)
    t.equal(await opensTo(c), 'open')
    t.same(await feedOf(follower, c, 1), [`granted ${own.position}`])
  })

  await t.test('is nobody once it is withdrawn', async (t) => {
    const target = { iss: origin.iss, record: newest.recordId }
    const mark = { ...marks.amber, group: first.circle }
    const rel = [{ kind: 'withdraws', target }] as const
    await append(origin.deps, { type: 'withdrawal', mark, rel, content: { reason: 'error' } })
    await follow(follower)
    t.same(await findGroup(follower.deps.db, first.circle), { validUntil: 0, members: [] })
    t.equal(await opensTo(c), 'hash')
  })
})

t.test('a marking of a peer', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const shown = await append(origin.deps, { mark: clear })

  await t.test('counts here as soon as it is verified, also for what came with it', async (t) => {
    await remark(origin.deps, shown.recordId, green, green)
    await follow(follower)
    t.same(await seenBy(follower), [shown.position])
    t.same(await publicSees(follower), [])
  })

  await t.test('counts here although the record was in the projection before', async (t) => {
    await remark(origin.deps, shown.recordId, clear, green)
    await follow(follower)
    t.same(await publicSees(follower), [shown.position])
    await remark(origin.deps, shown.recordId, green, green)
    await follow(follower)
    t.same(await publicSees(follower), [])
  })
})

async function publicSees({ deps }: Follower): Promise<number[]> {
  const { items } = await listRecords(deps, { kind: 'public' }, { filters: { type: 'observation' }, limit: 10 })
  return items.map(({ position }) => position)
}

async function feedOf({ deps }: Follower, peer: { iss: string }, from = 0): Promise<string[]> {
  const { page } = parseAccessPageUnsafe(await readAccessPage(deps, peer, from))
  return page.items.map((item) => (item.kind === 'reset' ? 'reset' : `${item.kind} ${item.position}`))
}

async function logOf({ deps, origin }: Follower) {
  return (await deps.db.selectFrom('log').select('id').where('iss', '=', origin.iss).executeTakeFirst())?.id
}
