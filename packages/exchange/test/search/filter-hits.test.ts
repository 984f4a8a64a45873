import { hitsDigest, originOf, questionDigest, type SearchEvent, signAnswer, verifyAnswer } from '@concordance/protocol'
import t from 'tap'
import { uuidv7 } from '../../src/keys/uuid.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { answerSearch } from '../../src/search/answer.ts'
import { streamFederation } from '../../src/search/federated.ts'
import { filterHits } from '../../src/search/filter-hits.ts'
import type { PeerCalls } from '../../src/sync/peer-calls.ts'
import { append, appendGroup, remark } from '../support/append.ts'
import { marks, observation } from '../support/content.ts'
import { start } from '../support/institute.ts'
import { b, type Follower, follow, type Origin, openFollower, openOrigin } from '../support/peering.ts'

const { green, red } = marks
const staff = { kind: 'person', subject: 'ada', staff: true } as const
const researcher = { ...staff, staff: false }

t.test('hits of a peer’s search', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { circle } = await appendGroup(origin.deps, [{ iss: b.iss }])
  const content = observation('Sycophancy in Kiswahili.')
  const shown = await append(origin.deps, { mark: green, content })
  const early = await append(origin.deps, { mark: { ...green, group: circle, embargoUntil: start + 60 }, content })
  await projectAll(origin.deps)
  await follow(follower)

  await t.test('are shown to whom the rule opens them, and counted for nobody else', async (t) => {
    t.same(await hitsFor(origin, follower, staff), [[shown.position, early.position], 2])
    t.same(await hitsFor(origin, follower, researcher), [[shown.position], 1])
  })

  await t.test('are not shown where they are closed to us, whatever the peer still answers', async (t) => {
    const answered = await keptAnswer(origin)
    await remark(origin.deps, shown.recordId, red, red)
    await follow(follower)
    t.same(await hitsFor(origin, follower, staff, answered), [[early.position], 1])
  })

  await t.test('stand as the copy knows it, for whom the newer version is open', async (t) => {
    const first = await append(origin.deps, { mark: green, content: observation('A quetzal was seen.') })
    const { finding, recordId: prev } = first
    const strict = { tlp: 'AMBER+STRICT', relay: 'none', group: circle } as const
    await append(origin.deps, { mark: strict, content, finding, version: 2, prev })
    await projectAll(origin.deps)
    await follow(follower)
    const standing = async (viewer: typeof staff | typeof researcher) =>
      (await answerFor(follower, viewer, live(origin), 'quetzal')).hits.map(({ status }) => status)
    t.same(await standing(staff), ['superseded'], 'although the newer version is in no live answer')
    t.same(await standing(researcher), ['current'])
  })

  await t.test('are each looked up in the log of the peer that gave them', async (t) => {
    const { recordId, position, finding } = shown // which the origin closed to us, above
    const standing = { mark: green, status: 'current', state: 'open' } as const
    const hit = {
      ...standing,
      recordId,
      position,
      finding,
      iss: 'https://x.example',
      version: 1,
      type: 'observation',
      iat: start,
    }
    const { log: closing } = await logAt(follower, origin.deps.identity.iss)
    const { log: other } = await logAt(follower, 'https://other.example')
    const asked = [[other], [closing, closing], [], [other]]
    const sent = asked.map((logs) => ({ log: logs[0] ?? other, hits: logs.map(() => ({ ...hit })) }))
    const shownOf = await filterHits(follower.deps, staff, sent)
    t.same(
      shownOf.map(({ length }) => length),
      [1, 0, 0, 1],
    )
  })

  await t.test('are not shown above what this node accepts', async (t) => {
    const careful = await openFollower(t, origin, { accepts: 'CLEAR' })
    await follow(careful)
    t.same(await hitsFor(origin, careful, staff), [[], 0])
  })
})

/** The copy of an institute's log; one of which nothing is known is begun. */
async function logAt({ deps: { db } }: Follower, iss: string) {
  const known = await db.selectFrom('log').select('id as log').where('iss', '=', iss).executeTakeFirst()
  const begun = { iss, origin: originOf(iss) }
  return (
    known ??
    (await db
      .insertInto('log')
      .values(begun as never)
      .returning('id as log')
      .executeTakeFirstOrThrow())
  )
}

type Search = PeerCalls['search']

const live =
  ({ deps }: Origin): Search =>
  (question) =>
    answerSearch(deps, b, question)

/** Signs the hits of today under every later question. */
async function keptAnswer(origin: Origin): Promise<Search> {
  const filters = { q: 'sycophancy' }
  const question = {
    queryId: uuidv7(origin.deps),
    budgetMs: 10_000,
    granularity: 'full',
    for: 'staff',
    label: 'AMBER',
    filters,
  } as const
  const { hits } = await answerSearch(origin.deps, b, question)
  return async (asked) => {
    const today = await answerSearch(origin.deps, b, asked)
    const about = { audience: b.iss, queryId: asked.queryId, question: questionDigest(asked), hits: today.hits }
    const said = verifyAnswer(today.answer, origin.deps.identity.keyset(), about)
    return {
      answer: await signAnswer({ ...said, matched: hits.length, hits: hitsDigest(hits) }, origin.deps.signers.log),
      hits,
    }
  }
}

async function hitsFor(
  origin: Origin,
  follower: Follower,
  viewer: typeof staff | typeof researcher,
  search = live(origin),
) {
  const { hits, institute } = await answerFor(follower, viewer, search)
  return [hits.map(({ position }) => position).sort((x, y) => x - y), institute.matched]
}

/** What the viewer is given of the origin's answer. */
async function answerFor(
  { deps }: Follower,
  viewer: typeof staff | typeof researcher,
  search: Search,
  q = 'sycophancy',
) {
  const callPeer = () => ({ search, close: async () => {} }) as unknown as PeerCalls
  const asked = { filters: { q }, limit: 10, budgetMs: 10_000, granularity: 'full', label: 'AMBER' } as const
  const answers: SearchEvent[] = []
  for await (const event of streamFederation({ ...deps, callPeer }, viewer, asked)) answers.push(event)
  const answer = answers.find(({ event }) => event === 'institute') as Extract<SearchEvent, { event: 'institute' }>
  return answer.data
}
