import t from 'tap'
import { listQuarantine } from '../../src/sync/sync-status.ts'
import { append, appendGroup, remark } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { b, type Follower, follow, openFollower, openOrigin, seenBy } from '../support/peering.ts'

const { clear, green } = marks

t.test('a node that accepts nothing above GREEN', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin, { accepts: 'GREEN' })
  const trusting = await openFollower(t, origin)
  const { circle, position: group } = await appendGroup(origin.deps, [{ iss: b.iss }])
  const amber = { ...marks.amber, group: circle }
  const within = await append(origin.deps, { mark: green })
  const above = await append(origin.deps, { mark: amber })
  await follow(follower)
  await follow(trusting)

  await t.test('keeps a hash of what is above it, and says so to its operator without a word of it', async (t) => {
    t.same(await seenBy(follower), [within.position])
    t.same(await keptOf(follower, above.position), { record_id: null, statement: null, body: null })
    t.same(
      (await listQuarantine(follower.deps)).map(({ position, code, recordId }) => ({ position, code, recordId })),
      [group, above.position].map((position) => ({ position, code: 'above-ceiling', recordId: undefined })),
    )
    t.same(await seenBy(trusting), [within.position, above.position], 'another one accepts it')
  })

  await t.test('keeps no body of what is marked above it later', async (t) => {
    await remark(origin.deps, within.recordId, amber, amber)
    await follow(follower)
    t.same(await seenBy(follower), [])
    t.equal((await keptOf(follower, within.position))?.body, null)
    t.ok((await keptOf(trusting, within.position))?.body)
  })

  await t.test('reads again what is back within its limit, by its signed marking too', async (t) => {
    await remark(origin.deps, within.recordId, clear, amber)
    await remark(origin.deps, above.recordId, green, amber)
    await follow(follower)
    await follow(follower)
    t.same(await seenBy(follower), [within.position])
    t.ok((await keptOf(follower, within.position))?.body)
    t.equal((await keptOf(follower, above.position))?.statement, null)
  })
})

t.test('a node whose limit is changed', async (t) => {
  const origin = await openOrigin(t)
  const { circle } = await appendGroup(origin.deps, [{ iss: b.iss }])
  const { position } = await append(origin.deps, { mark: { ...marks.amber, group: circle } })
  const follower = await openFollower(t, origin)
  await follow(follower)
  const under = async (accepts: 'GREEN' | 'AMBER') => ({
    ...follower,
    ...(await follower.open(follower.url, { accepts })),
  })

  await t.test('lets go of what is above it, at once', async (t) => {
    const lowered = await under('GREEN')
    t.same(await seenBy(lowered), [])
    t.equal((await keptOf(lowered, position))?.body, null)
    await follow(lowered)
    t.same(await seenBy(lowered), [])
  })

  await t.test('reads again what it refused before', async (t) => {
    const raised = await under('AMBER')
    await follow(raised)
    t.same(await seenBy(raised), [position])
    t.ok((await keptOf(raised, position))?.body)
  })
})

async function keptOf({ deps, origin }: Follower, position: number) {
  return deps.db
    .selectFrom('entry')
    .innerJoin('log', 'log.id', 'entry.log')
    .select(['record_id', 'statement', 'body'])
    .where('log.iss', '=', origin.iss)
    .where('position', '=', position)
    .executeTakeFirst()
}
