import { type Coverage, parseCoverageUnsafe, positionsDigest, type Relation, signCoverage } from '@concordance/protocol'
import t, { type Test } from 'tap'
import type { Deps } from '../../src/deps.ts'
import { compareKept, comparePeer } from '../../src/sync/compare-peers.ts'
import type { PeerCalls } from '../../src/sync/peer-calls.ts'
import { listMisconduct } from '../../src/sync/sync-status.ts'
import { append, appendGroup, remark } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { b, c, callsTo, type Follower, follow, mirrorOf, openFollower, openOrigin } from '../support/peering.ts'

const { green } = marks

/** An origin with a record for everybody, and two followers that compare what they saw. */
async function openNarrowing(t: Parameters<typeof openOrigin>[0]) {
  const origin = await openOrigin(t)
  const early = await openFollower(t, origin, { iss: b.iss, peers: [c] })
  const late = await openFollower(t, origin, { iss: c.iss, peers: [b] })
  const { circle } = await appendGroup(origin.deps, [{ iss: b.iss }])
  const shown = await append(origin.deps, { mark: green })
  const mark = { ...marks.amber, group: circle }
  const narrow = () => remark(origin.deps, shown.recordId, mark, mark)
  return { origin, early, late, shown, mark, narrow }
}

t.test('narrowing alarms nobody', async (t) => {
  const { origin, early, late, shown, mark, narrow } = await openNarrowing(t)
  await follow(early)
  await narrow()

  await t.test('where one peer read before it and the other after it', async (t) => {
    await follow(late)
    await compare(early, late)
    await compare(late, early)
    t.same(await verdictsOf(early, late), [])
  })

  await t.test('where both have read of it', async (t) => {
    await follow(early)
    await compare(early, late)
    await compare(late, early)
    t.same(await verdictsOf(early, late), [])
  })

  await t.test('where it was widened again, and read once more from the start', async (t) => {
    await remark(origin.deps, shown.recordId, green, mark)
    for (const one of [early, late]) {
      await one.deps.db.updateTable('log').set({ reread_from: 0 }).where('is_own', '=', false).execute()
      await follow(one)
    }
    await compare(early, late)
    await compare(late, early)
    t.same(await verdictsOf(early, late), [])
  })
})

t.test('narrowing alarms nobody about what was said of the record before', async (t) => {
  const histories: Record<string, (made: Awaited<ReturnType<typeof openNarrowing>>) => Promise<unknown>> = {
    'where a marking record for every peer stands before it': ({ origin, shown }) =>
      remark(origin.deps, shown.recordId, marks.clear, green),
    'where it was withdrawn before': ({ origin, shown }) => withdraw(origin.deps, shown.recordId),
    'where it was narrowed and widened before, and withdrawn between': async ({ origin, shown, mark, narrow }) => {
      await narrow()
      await remark(origin.deps, shown.recordId, green, mark)
      await withdraw(origin.deps, shown.recordId)
    },
  }
  for (const [title, before] of Object.entries(histories)) {
    await t.test(title, async (t) => {
      const made = await openNarrowing(t)
      await before(made)
      await follow(made.early)
      await made.narrow()
      await requireNoAlarm(t, made)
    })
  }

  await t.test('where the record that narrows is for every peer itself', async (t) => {
    const made = await openNarrowing(t)
    await follow(made.early)
    const soon = Math.floor(Date.now() / 1_000) + 600
    const embargoed = { ...marks.clear, embargoUntil: soon }
    await remark(made.origin.deps, made.shown.recordId, embargoed, green)
    await requireNoAlarm(t, made)
    await remark(made.origin.deps, made.shown.recordId, marks.clear, embargoed)
    await requireNoAlarm(t, made)
  })

  await t.test('where it was never signed for every peer, and was widened in between', async (t) => {
    const made = await openNarrowing(t)
    const { origin, early, mark } = made
    const { recordId } = await append(origin.deps, { mark })
    await remark(origin.deps, recordId, green, mark)
    await follow(early)
    await remark(origin.deps, recordId, mark, mark)
    await requireNoAlarm(t, made)
  })
})

/** One has read before the narrowing, the other reads after it, then both have. */
async function requireNoAlarm(t: Test, { early, late }: Awaited<ReturnType<typeof openNarrowing>>): Promise<void> {
  await follow(late)
  await compare(early, late)
  await compare(late, early)
  await follow(early)
  await early.deps.db.updateTable('log').set({ reread_from: 0 }).where('is_own', '=', false).execute()
  await follow(early)
  await compare(late, early)
  await compare(early, late)
  t.same(await verdictsOf(early, late), [])
  for (const one of [early, late]) t.equal((await mirrorOf(one)).state, 'following')
}

function withdraw(deps: Deps, record: string) {
  const rel: Relation[] = [{ kind: 'withdraws', target: { iss: deps.identity.iss, record } }]
  return append(deps, { type: 'withdrawal', mark: green, content: { reason: 'error' }, rel })
}

t.test('an origin that', async (t) => {
  await t.test('names an entry as narrowed to one peer alone is caught when the peers compare', async (t) => {
    const { early, late, narrow } = await openNarrowing(t)
    await narrow()
    await follow(early)
    // To the other one it leaves out that the record was ever for everybody: only its keyset is.
    const commonDigest = positionsDigest([{ position: 0 }])
    const silent = { ...late, calls: telling(late, ({ narrowed, ...said }) => ({ ...said, commonDigest })) }
    await follow(silent)
    await compare(early, late)
    t.same(await verdictsOf(early), ['contradicted-narrowing'])
    t.equal((await mirrorOf(early)).state, 'frozen')
  })

  await t.test('names a record that narrowed nothing is caught by whoever can read that record', async (t) => {
    const { origin, early, shown } = await openNarrowing(t)
    const other = await append(origin.deps, { mark: green })
    await isCaughtNaming(t, early, { position: shown.position, by: other.position })
  })

  await t.test('names the marking record for another one is caught by whoever can read both', async (t) => {
    const { origin, early, shown } = await openNarrowing(t)
    const other = await append(origin.deps, { mark: green })
    const by = await remark(origin.deps, other.recordId, marks.clear, green)
    await isCaughtNaming(t, early, { position: shown.position, by: by.position })
  })
})

async function isCaughtNaming(t: Test, early: Follower, claim: { position: number; by: number }): Promise<void> {
  await follow({ ...early, calls: telling(early, (said) => ({ ...said, narrowed: [claim] })) })
  await compareKept(early.deps, early.origin.peer)
  t.same(await verdictsOf(early), ['false-narrowing'])
  t.equal((await mirrorOf(early)).state, 'frozen')
}

/** Pages with another coverage statement, signed by the origin itself. */
function telling({ origin, calls }: Follower, change: (said: Coverage) => Coverage): PeerCalls {
  return {
    ...calls,
    async fetchEntries(asked) {
      const page = await calls.fetchEntries(asked)
      const { coverage } = parseCoverageUnsafe(page.trailer.coverage)
      const told = await signCoverage(change(coverage), origin.deps.signers.log)
      return { ...page, trailer: { ...page.trailer, coverage: told } }
    },
  }
}

/** `one` asks `other` what it saw of the origin's log. */
async function compare(one: Follower, other: Follower): Promise<void> {
  const shower = { iss: other.iss, baseUrl: other.iss, pin: other.pin }
  await comparePeer(one.deps, shower, callsTo(other, one), [one.origin.peer])
  await compareKept(one.deps, one.origin.peer)
}

async function verdictsOf(...followers: readonly Follower[]): Promise<string[]> {
  const found = await Promise.all(followers.map(({ deps }) => listMisconduct(deps)))
  return found.flat().map(({ kind }) => kind)
}
