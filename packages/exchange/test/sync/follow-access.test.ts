import t from 'tap'
import { withEndedEmbargo } from '../../src/access/refresh-access.ts'
import { changeAccess } from '../../src/access/start-access.ts'
import { suspendPeer } from '../../src/peers.ts'
import { append, appendGroup, remark } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { start } from '../support/institute.ts'
import { b, c, follow, mirrorOf, openFollower, openOrigin, seenBy } from '../support/peering.ts'

const { green } = marks

t.test('a record that is narrowed', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { circle } = await appendGroup(origin.deps, [{ iss: c.iss }])
  const shown = await append(origin.deps, { mark: green })
  const kept = await append(origin.deps, { mark: green })
  await follow(follower)
  t.same(await seenBy(follower), [shown.position, kept.position])

  const mark = { ...marks.amber, group: circle }
  await remark(origin.deps, shown.recordId, mark, mark)

  await t.test('is hidden from its former reader, and its neighbour is not', async (t) => {
    const pass = await follow(follower)
    t.same(pass, { state: 'following', verified: 1, changed: 1, size: 5, bytes: 0 })
    t.same(await seenBy(follower), [kept.position])
    t.equal((await mirrorOf(follower)).accessAt, 1)
  })

  await t.test('changes nothing when it is read of once more', async (t) => {
    const { verified, changed } = await follow(follower)
    t.same([verified, changed], [0, 0])
    t.same(await seenBy(follower), [kept.position])
  })

  await t.test('is back when it is widened again', async (t) => {
    await remark(origin.deps, shown.recordId, green, mark)
    const { changed } = await follow(follower)
    t.equal(changed, 1)
    t.same(await seenBy(follower), [shown.position, kept.position])
  })
})

t.test('a record that is granted later', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const first = await appendGroup(origin.deps, [{ iss: c.iss }])
  const early = await append(origin.deps, { mark: { ...marks.amber, group: first.circle } })
  const embargoed = await append(origin.deps, { mark: { ...green, embargoUntil: start + 60 } })
  await follow(follower)
  t.same(await seenBy(follower), [])

  await t.test('is fetched, verified and shown to a member who joins', async (t) => {
    await appendGroup(origin.deps, [{ iss: b.iss }], { ...first.circle, version: 2, prev: first.recordId })
    await follow(follower)
    t.same(await seenBy(follower), [early.position])
  })

  await t.test('is fetched when its embargo ends, although the log has not grown', async (t) => {
    origin.clock.seconds = start + 60
    follower.clock.seconds = start + 60
    await changeAccess(origin.deps, withEndedEmbargo(origin.clock.seconds))
    const { verified, changed } = await follow(follower)
    t.same([verified, changed], [0, 1])
    t.same(await seenBy(follower), [early.position, embargoed.position])
  })
})

t.test('a record that was read as closed while its group had run out', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { circle } = await appendGroup(origin.deps, [{ iss: b.iss }])
  const mark = { ...marks.amber, group: circle }
  const shown = await append(origin.deps, { mark })
  for (const { clock } of [origin, follower]) clock.seconds = start + 700
  await follow(follower)
  t.same(await seenBy(follower), [])

  await t.test('is fetched when it is widened, although its members were entitled to it before', async (t) => {
    await remark(origin.deps, shown.recordId, green, mark)
    await follow(follower)
    t.same(await seenBy(follower), [shown.position])
  })
})

t.test('a record under embargo that was read as closed after its group had run out', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { circle } = await appendGroup(origin.deps, [{ iss: b.iss }])
  const shown = await append(origin.deps, { mark: { ...green, group: circle, embargoUntil: start + 800 } })
  const passUntil = async (seconds: number) => {
    for (const { clock } of [origin, follower]) clock.seconds = start + seconds
    await changeAccess(origin.deps, withEndedEmbargo(origin.clock.seconds))
    await follow(follower)
  }
  await passUntil(700)
  t.same(await seenBy(follower), [])

  await t.test('is fetched when the embargo ends, although its members were entitled to it before', async (t) => {
    await passUntil(800)
    t.same(await seenBy(follower), [shown.position])
  })

  await t.test('is told of once', async (t) => {
    const { accessAt } = await mirrorOf(follower)
    await passUntil(900)
    t.equal((await mirrorOf(follower)).accessAt, accessAt)
  })
})

t.test('a log is read again after rights have changed all over', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { circle } = await appendGroup(origin.deps, [{ iss: b.iss }])
  const shown = await append(origin.deps, { mark: { ...marks.amber, group: circle } })
  const kept = await append(origin.deps, { mark: green })
  await follow(follower)
  t.same(await seenBy(follower), [shown.position, kept.position])
  await suspendPeer(origin.deps, b.iss, 'suspend', 'olga')
  await origin.deps.db.updateTable('peer').set({ ceiling: 'GREEN' }).where('iss', '=', b.iss).execute()
  await suspendPeer(origin.deps, b.iss, 'resume', 'olga')
  await follow(follower)
  t.same(await seenBy(follower), [kept.position])
  t.equal((await mirrorOf(follower)).rereadFrom, undefined)
})
