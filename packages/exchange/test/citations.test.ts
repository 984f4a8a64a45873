import type { Relation } from '@concordance/protocol'
import t from 'tap'
import type { Viewer } from '../src/access/may-open.ts'
import { listCitations } from '../src/citations.ts'
import { projectAll } from '../src/projection/start-projection.ts'
import { getRecord, listRecords } from '../src/records.ts'
import { withdrawFinding } from '../src/withdraw.ts'
import { append, remark } from './support/append.ts'
import { marks, observation } from './support/content.ts'
import { call, type Institute, openInstitute } from './support/institute.ts'
import { follow, openFollower, openOrigin } from './support/peering.ts'

type Deps = Institute['deps']
const everybody: Viewer = { kind: 'public' }
const staff: Viewer = { kind: 'person', subject: 'ada', staff: true }

/** An observation with a source that is a record. */
function resting(target: Relation['target']) {
  return { ...observation(), cites: [{ title: 'An earlier observation', target }] }
}

async function citing(deps: Deps, viewer: Viewer, recordId: string): Promise<string[]> {
  await projectAll(deps)
  return (await listCitations(deps, viewer, recordId, { limit: 50 })).items.map((item) => item.recordId)
}

async function isMarked(deps: Deps, viewer: Viewer, recordId: string): Promise<boolean> {
  await projectAll(deps)
  const { items } = await listRecords(deps, viewer, { filters: {}, limit: 200 })
  const listed = items.find((item) => item.recordId === recordId)?.citesWithdrawn ?? false
  t.equal((await getRecord(deps, viewer, recordId)).citesWithdrawn ?? false, listed, 'lists and records say the same')
  return listed
}

t.test('what cites a record', async (t) => {
  const { deps, iss, clock } = await openInstitute(t)
  const { clear, green } = marks
  const target = await append(deps, { mark: clear })
  const record = { iss, record: target.recordId }
  const finding = { iss, finding: target.finding }
  clock.seconds += 1
  const related = await append(deps, { mark: clear, rel: [{ kind: 'derived-from', target: record }] })
  clock.seconds += 1
  const inBody = await append(deps, { mark: green, content: resting(record) })
  clock.seconds += 1
  const ofFinding = await append(deps, { mark: clear, content: resting(finding) })
  const foreign = { iss: 'https://b.institute.example', record: target.recordId }
  const misnamed = await append(deps, { mark: clear, rel: [{ kind: 'cites', target: foreign }] })
  const marking = await remark(deps, target.recordId, { ...clear, handling: 'Be kind.' }, clear)
  const all = [ofFinding, inBody, related].map(({ recordId }) => recordId)

  await t.test('is listed newest first: relations and sources, of the record and of its finding', async (t) => {
    t.same(await citing(deps, staff, target.recordId), all)
    t.same(await citing(deps, staff, related.recordId), [])
    for (const { recordId } of [misnamed, marking]) t.notOk(all.includes(recordId))
  })

  await t.test('is given once each over its pages', async (t) => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await listCitations(deps, staff, target.recordId, { limit: 1, ...(cursor && { cursor }) })
      seen.push(...page.items.map(({ recordId }) => recordId))
      cursor = page.next
    } while (cursor)
    t.same(seen, all)
  })

  await t.test('is told of what is open to the viewer alone', async (t) => {
    t.same(await citing(deps, everybody, target.recordId), [ofFinding.recordId, related.recordId])
    await t.rejects(citing(deps, everybody, inBody.recordId), { code: 'not-found' })
    await t.rejects(citing(deps, staff, 'A'.repeat(43)), { code: 'not-found' })
  })

  await t.test('is marked once the record is withdrawn, and not before', async (t) => {
    for (const { recordId } of [ofFinding, inBody, related]) t.equal(await isMarked(deps, staff, recordId), false)
    await withdrawFinding(deps, target.finding, { reason: 'error' }, call())
    for (const { recordId } of [ofFinding, inBody, related]) t.equal(await isMarked(deps, staff, recordId), true)
    t.equal(await isMarked(deps, staff, misnamed.recordId), false)
    t.equal(await isMarked(deps, staff, marking.recordId), false)
    t.same(await citing(deps, staff, target.recordId), all, 'and still listed')
  })

  await t.test('says nothing from a body that was taken back itself', async (t) => {
    await withdrawFinding(deps, inBody.finding, { reason: 'error' }, call())
    t.same(await citing(deps, staff, target.recordId), [ofFinding.recordId, related.recordId])
    t.equal(await isMarked(deps, staff, inBody.recordId), false)
  })
})

t.test('that a closed record was withdrawn does not show in what cites it', async (t) => {
  const { deps, iss } = await openInstitute(t)
  const closed = await append(deps, { mark: marks.green })
  const target = { iss, record: closed.recordId }
  const { recordId } = await append(deps, { mark: marks.clear, rel: [{ kind: 'cites', target }] })
  await withdrawFinding(deps, closed.finding, { reason: 'error' }, call())
  t.equal(await isMarked(deps, everybody, recordId), false)
  t.equal(await isMarked(deps, staff, recordId), true)
})

t.test('a finding whose newer version stands is not withdrawn with an older one', async (t) => {
  const { deps, iss } = await openInstitute(t)
  const first = await append(deps, { mark: marks.clear })
  const { finding } = first
  const { recordId } = await append(deps, { mark: marks.clear, rel: [{ kind: 'cites', target: { iss, finding } }] })
  await append(deps, { mark: marks.clear, finding, version: 2, prev: first.recordId })
  const target = { iss, record: first.recordId }
  const withdrawal = { mark: marks.clear, content: { reason: 'error' }, rel: [{ kind: 'withdraws', target }] } as const
  await append(deps, { type: 'withdrawal', ...withdrawal })
  t.equal(await isMarked(deps, staff, recordId), false)
})

t.test('a peer sees what cites a withdrawn record of another institute', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const target = await append(origin.deps, { mark: marks.green })
  const named = { iss: origin.iss, record: target.recordId }
  const theirs = await append(origin.deps, { mark: marks.green, content: resting(named) })
  await follow(follower)
  const ours = await append(follower.deps, { mark: marks.clear, rel: [{ kind: 'replicates', target: named }] })
  t.same(
    (await citing(follower.deps, staff, target.recordId)).toSorted(),
    [theirs, ours].map((one) => one.recordId).toSorted(),
  )
  t.equal(await isMarked(follower.deps, staff, ours.recordId), false)
  await withdrawFinding(origin.deps, target.finding, { reason: 'error' }, call())
  await origin.deps.writer.seal()
  await follow(follower)
  for (const { recordId } of [theirs, ours]) t.equal(await isMarked(follower.deps, staff, recordId), true)
  t.equal(await isMarked(follower.deps, everybody, ours.recordId), false, 'the public knows nothing of the target')
})
