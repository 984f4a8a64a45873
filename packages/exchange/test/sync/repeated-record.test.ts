import t, { type Test } from 'tap'
import { resetAccess } from '../../src/access/refresh-access.ts'
import { listQuarantine } from '../../src/sync/sync-status.ts'
import { append, appendGroup } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { b, c, type Follower, follow, mirrorOf, openFollower, openOrigin, seenBy } from '../support/peering.ts'
import { repeatEntry } from '../support/repeat-entry.ts'

const { green } = marks

t.test('a record that stands in a log a second time', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const first = await append(origin.deps, { mark: green })
  const copies = [await repeatEntry(origin, first.position)]
  const seen = [first.position]

  await t.test('is set aside there with a reason, and the log goes on', async (t) => {
    seen.push((await append(origin.deps, { mark: green })).position)
    await isFollowed(t, follower, { seen, copies })
    t.match(await listQuarantine(follower.deps), [
      { code: 'repeated-record', detail: `repeats the record at ${first.position}`, recordId: undefined },
    ])
  })

  await t.test('is set aside where it comes with a later page of news', async (t) => {
    copies.push(await repeatEntry(origin, first.position))
    await isFollowed(t, follower, { seen, copies })
  })

  await t.test('is set aside where both are news', async (t) => {
    const { position } = await append(origin.deps, { mark: green })
    copies.push(await repeatEntry(origin, position))
    seen.push(position, (await append(origin.deps, { mark: green })).position)
    await isFollowed(t, follower, { seen, copies })
  })

  await t.test('is set aside by who reads the log from its beginning, a small page at a time', async (t) => {
    const late = await openFollower(t, origin, { iss: c.iss })
    const { fetchEntries } = late.calls
    late.calls.fetchEntries = (asked) => fetchEntries({ ...asked, limit: Math.min(asked.limit, 2) })
    await isFollowed(t, late, { seen, copies })
  })

  await t.test('stays set aside where the log is read again', async (t) => {
    await resetAccess(b.iss, origin.deps.now()).execute(origin.deps.db)
    const { changed } = await isFollowed(t, follower, { seen, copies })
    t.equal(changed, 0)
  })
})

t.test('a record that is opened at two positions, one after the other,', async (t) => {
  const origin = await openOrigin(t)
  const { circle, recordId } = await appendGroup(origin.deps, [{ iss: c.iss }])
  const other = await appendGroup(origin.deps, [{ iss: b.iss }])
  const letIn = () =>
    appendGroup(origin.deps, [{ iss: c.iss }, { iss: b.iss }], { ...circle, version: 2, prev: recordId })
  const given = await append(origin.deps, { mark: { ...marks.amber, group: circle } })
  const beside = await repeatEntry(origin, given.position)
  const green = await append(origin.deps)
  const behind = await repeatEntry(origin, given.position)
  const follower = await openFollower(t, origin)
  await isFollowed(t, follower, { seen: [green.position], copies: [] })

  await t.test('is held where it was opened first, though it stands elsewhere before', async (t) => {
    const copy = await repeatEntry(origin, given.position, other.circle)
    await isFollowed(t, follower, { seen: [green.position, copy], copies: [] })
    await letIn()
    const copies = [given.position, beside, behind]
    await isFollowed(t, follower, { seen: [green.position, copy], copies })
  })

  await t.test('is held where it stands first by who is let into both at once', async (t) => {
    const late = await openFollower(t, origin, { iss: c.iss })
    await isFollowed(t, late, { seen: [given.position, green.position], copies: [beside, behind] })
  })
})

t.test('a log in which every record stands once has nothing set aside', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { position } = await append(origin.deps, { mark: green })
  await isFollowed(t, follower, { seen: [position], copies: [] })
})

async function isFollowed(t: Test, follower: Follower, expected: { seen: number[]; copies: number[] }) {
  const pass = await follow(follower)
  t.equal(pass.state, 'following')
  t.equal((await mirrorOf(follower)).size, (await mirrorOf(follower)).staged.size)
  t.same(await seenBy(follower), expected.seen)
  t.same(
    (await listQuarantine(follower.deps)).map(({ position }) => position),
    expected.copies,
  )
  return pass
}
