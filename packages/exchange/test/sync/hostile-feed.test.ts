import {
  type AccessPage,
  encodeBase64url,
  openedDigestOf,
  parseAccessPageUnsafe,
  parseCoverageUnsafe,
  type Signer,
  signAccessPage,
  signCoverage,
} from '@concordance/protocol'
import t, { type Test } from 'tap'
import { withEndedEmbargo } from '../../src/access/refresh-access.ts'
import { changeAccess } from '../../src/access/start-access.ts'
import type { PeerCalls } from '../../src/sync/peer-calls.ts'
import { append, appendGroup, remark } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { openInstitute, start } from '../support/institute.ts'
import { b, c, type Follower, follow, mirrorOf, openFollower, openOrigin, seenBy } from '../support/peering.ts'

const { green, red } = marks

/** Three records of which the follower has seen two; the first is then taken from it, the third given. */
async function openChange(t: Parameters<typeof openOrigin>[0]) {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { circle, recordId } = await appendGroup(origin.deps, [{ iss: c.iss }])
  const taken = await append(origin.deps, { mark: green })
  const kept = await append(origin.deps, { mark: green })
  const given = await append(origin.deps, { mark: { ...marks.amber, group: circle } })
  await follow(follower)
  await remark(origin.deps, taken.recordId, red, red)
  await appendGroup(origin.deps, [{ iss: b.iss }], { ...circle, version: 2, prev: recordId })
  return { origin, follower, taken, kept, given }
}

type Change = Awaited<ReturnType<typeof openChange>>

/** Pages of the feed, changed before they are signed by the origin itself. */
function withFeed({ origin, follower }: Change, change: (page: AccessPage) => Partial<AccessPage>): PeerCalls {
  return {
    ...follower.calls,
    async fetchAccess(from) {
      const { page } = parseAccessPageUnsafe(await follower.calls.fetchAccess(from))
      return signAccessPage({ ...page, ...change(page) }, origin.deps.signers.log)
    },
  }
}

const lies: [what: string, reason: string, change: (page: AccessPage) => Partial<AccessPage>][] = [
  ['leaves items out', 'ACCESS', ({ from, to, items }) => ({ from: from + 1, to: to, items: items.slice(1) })],
  ['is that of another peer', 'ACCESS', () => ({ peer: c.iss })],
  ['is of another log', 'ORIGIN', () => ({ origin: 'a.institute.example/log/2' })],
  ['is of another institute', 'ISSUER', () => ({ iss: b.iss })],
]

t.test('a page of the feed is refused, and nothing has happened, when it', async (t) => {
  const scene = await openChange(t)
  const { origin, follower, taken, kept, given } = scene
  const other = await openInstitute(t, { iss: c.iss })
  const refused = async (t: Test, calls: PeerCalls, reason: string) => {
    const { state } = await follow({ ...follower, calls }, { resume: true })
    t.same([state, await reasonOf(follower)], ['unverifiable', reason])
    t.same([await seenBy(follower), (await mirrorOf(follower)).accessAt], [[taken.position, kept.position], 0])
  }
  const signedBy = (signer: Signer): PeerCalls => ({
    ...follower.calls,
    async fetchAccess(from) {
      const { page } = parseAccessPageUnsafe(await follower.calls.fetchAccess(from))
      return signAccessPage(page, signer)
    },
  })

  for (const [what, reason, change] of lies) {
    await t.test(what, (t) => refused(t, withFeed(scene, change), reason))
  }
  await t.test('is signed by a key that is not the log’s', (t) => {
    return refused(t, signedBy(origin.deps.signers.record), 'KEY_PURPOSE')
  })
  await t.test('is signed by somebody else', (t) => refused(t, signedBy(other.deps.signers.log), 'KEY_UNKNOWN'))
  await t.test('speaks of positions beyond the log, which not even the origin can sign', async (t) => {
    const beyond = withFeed(scene, ({ size, items }) => ({
      items: items.map(() => ({ kind: 'revoked', position: size })),
    }))
    await t.rejects(beyond.fetchAccess(0), { code: 'ACCESS' })
  })
  await t.test('grants a position where the log shows another leaf', (t) => {
    const leaf = encodeBase64url(new Uint8Array(32))
    const fetchEntries: PeerCalls['fetchEntries'] = async (asked) => {
      const page = await follower.calls.fetchEntries(asked)
      return asked.from === given.position ? { ...page, entries: page.entries.map((e) => ({ ...e, leaf })) } : page
    }
    const onlyGrants = withFeed(scene, ({ items }) => ({ items: items.toReversed() }))
    return refused(t, { ...onlyGrants, fetchEntries }, 'LEAF_MISMATCH')
  })

  await t.test('grants a position that the origin then shows as another entry, and signs for it', (t) => {
    const onlyGrants = withFeed(scene, ({ items }) => ({ items: items.toReversed() }))
    const fetchEntries: PeerCalls['fetchEntries'] = async (asked) => {
      const page = await follower.calls.fetchEntries(asked)
      if (asked.from !== given.position) return page
      const { coverage } = parseCoverageUnsafe(page.trailer.coverage)
      const closed = { ...coverage, openedDigest: openedDigestOf(page.trailer.salt, []) }
      const { position } = given
      const other = { position, leaf: encodeBase64url(new Uint8Array(32)), state: 'hash' } as const
      const trailer = { ...page.trailer, coverage: await signCoverage(closed, origin.deps.signers.log) }
      return { ...page, entries: [other], trailer }
    }
    return refused(t, { ...onlyGrants, fetchEntries }, 'ROOT_MISMATCH')
  })

  await t.test('and the honest one is followed after all that', async (t) => {
    const { changed } = await follow(follower, { resume: true })
    t.equal(changed, 2)
    t.same(await seenBy(follower), [kept.position, given.position])
    t.equal((await mirrorOf(follower)).accessAt, 2)
  })

  await t.test('was followed before', async (t) => {
    const old = await follower.calls.fetchAccess(0)
    await remark(origin.deps, kept.recordId, red, red)
    const { state } = await follow({ ...follower, calls: { ...follower.calls, fetchAccess: async () => old } })
    t.same([state, await reasonOf(follower)], ['unverifiable', 'ACCESS'])
    await follow(follower, { resume: true })
    t.same(await seenBy(follower), [given.position])
  })
})

t.test('what a page from before a change shows is left for later, and proves nothing against anybody', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { position } = await append(origin.deps, { mark: { ...green, embargoUntil: start + 60 } })
  await follow(follower)
  const old = await follower.calls.fetchEntries({ from: position + 1, limit: 1_000, waitSeconds: 0 })
  origin.clock.seconds = start + 60
  follower.clock.seconds = start + 60
  await changeAccess(origin.deps, withEndedEmbargo(origin.clock.seconds))
  await follow(follower)
  const replayed = { ...follower, calls: { ...follower.calls, fetchEntries: async () => old } }
  await t.rejects(follow(replayed), { code: 'ACCESS_BEHIND' })
  t.equal((await mirrorOf(follower)).state, 'following')
  t.same(await seenBy(follower), [position])
})

async function reasonOf({ deps, origin }: Follower): Promise<string | null> {
  const row = await deps.db.selectFrom('log').select('state_reason').where('iss', '=', origin.iss).executeTakeFirst()
  return row?.state_reason ?? null
}
