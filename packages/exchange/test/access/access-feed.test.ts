import { parseAccessPageUnsafe, parseCoverageUnsafe, verifyAccessPage, verifyCoverage } from '@concordance/protocol'
import t from 'tap'
import { readAccessPage } from '../../src/access/access-feed.ts'
import { withEndedEmbargo } from '../../src/access/refresh-access.ts'
import { changeAccess } from '../../src/access/start-access.ts'
import { type EntriesPage, readPage, waitForGrowth } from '../../src/log/entries.ts'
import { suspendPeer } from '../../src/peers.ts'
import { withdrawFinding } from '../../src/withdraw.ts'
import { append, appendGroup, remark } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { call, type Institute, openInstitute, start } from '../support/institute.ts'

const pin = 'A'.repeat(43)
const b = { iss: 'https://b.institute.example', baseUrl: 'https://b.institute.example', pin }
const c = { iss: 'https://c.institute.example', baseUrl: 'https://c.institute.example', pin }
const green = marks.green
const red = marks.red

const pageFor = ({ deps }: Institute, peer = b, from = 0) => readPage(deps, peer, { from, limit: 1_000 })
const opened = ({ entries }: EntriesPage) =>
  entries.flatMap(({ position, state }) => (state === 'hash' ? [] : position))
const coverageOf = ({ trailer }: EntriesPage) => parseCoverageUnsafe(trailer.coverage).coverage

async function feedOf({ deps }: Institute, peer = b, from = 0): Promise<string[]> {
  const page = verifyAccessPage(await readAccessPage(deps, peer, from), deps.identity.keyset())
  return page.items.map((item) => (item.kind === 'reset' ? 'reset' : `${item.kind} ${item.position}`))
}

t.test('a record for a group', async (t) => {
  const institute = await openInstitute(t, { peers: [b, c] })
  const { deps, clock } = institute
  const first = await appendGroup(deps, [{ iss: b.iss }])
  const amber = await append(deps, { mark: { ...marks.amber, group: first.circle } })

  await t.test('opens to its members and nobody else, and so does the group itself', async (t) => {
    t.same(opened(await pageFor(institute, b)), [0, first.position, amber.position])
    t.same(opened(await pageFor(institute, c)), [0])
    t.same(await feedOf(institute, b), [], 'what a page shows the first time needs no feed')
  })

  await t.test('is granted to a member who joins late, and revoked from one who leaves', async (t) => {
    const second = await appendGroup(deps, [{ iss: c.iss }], { ...first.circle, version: 2, prev: first.recordId })
    t.same(opened(await pageFor(institute, b)), [0])
    t.same(opened(await pageFor(institute, c)), [0, amber.position, second.position])
    t.same(await feedOf(institute, b), [`revoked ${first.position}`, `revoked ${amber.position}`])
    t.same(await feedOf(institute, c), [`granted ${amber.position}`])
    t.equal(coverageOf(await pageFor(institute, b)).accessAt, 2)

    const third = await appendGroup(deps, [{ iss: b.iss, historyFrom: start + 1 }, { iss: c.iss }], {
      ...first.circle,
      version: 3,
      prev: second.recordId,
    })
    t.same(opened(await pageFor(institute, b)), [0, 1, third.position], 'without the records of before')
    clock.seconds = start + 5
    const later = await append(deps, { mark: { ...marks.amber, group: first.circle } })
    t.same(opened(await pageFor(institute, b)), [0, 1, third.position, later.position])

    clock.seconds = start + 600
    t.same(opened(await pageFor(institute, b)), [0], 'the snapshot has run out')
    const { length } = await feedOf(institute, b)
    t.same(await feedOf(institute, b), [
      `revoked ${first.position}`,
      `revoked ${amber.position}`,
      `granted ${first.position}`,
    ])
    const fourth = await appendGroup(deps, [{ iss: b.iss }, { iss: c.iss }], {
      ...first.circle,
      version: 4,
      prev: third.recordId,
    })
    t.ok(
      (await feedOf(institute, b, length)).includes(`granted ${later.position}`),
      'whoever asked meanwhile hears of it',
    )
    t.ok((await feedOf(institute, b, length)).includes(`granted ${amber.position}`), 'with the history it now has')
    t.ok(opened(await pageFor(institute, b)).includes(fourth.position))
  })
})

t.test('a narrowed record', async (t) => {
  const institute = await openInstitute(t, { peers: [b, c] })
  const { deps } = institute
  const { circle } = await appendGroup(deps, [{ iss: b.iss }])
  const shown = await append(deps, { mark: green })
  const before = coverageOf(await pageFor(institute, c))
  const mark = { ...marks.amber, group: circle }
  const narrowing = await remark(deps, shown.recordId, mark, mark)

  await t.test(
    'stays with the group, is revoked from the others, and every peer is told which one it was',
    async (t) => {
      t.same(opened(await pageFor(institute, b)), [0, 1, shown.position, narrowing.position])
      t.same(opened(await pageFor(institute, c)), [0])
      t.same(await feedOf(institute, c), [`revoked ${shown.position}`])
      t.same(await feedOf(institute, b), [])
      for (const peer of [b, c]) {
        const coverage = coverageOf(await pageFor(institute, peer))
        t.same(coverage.narrowed, [{ position: shown.position, by: narrowing.position }])
        t.equal(coverage.commonDigest, before.commonDigest, 'what was common is common for ever')
      }
    },
  )

  await t.test('comes back to all when it is widened again, still named as once narrowed', async (t) => {
    await remark(deps, shown.recordId, green, mark)
    t.ok(opened(await pageFor(institute, c)).includes(shown.position))
    t.same(await feedOf(institute, c, 1), [`granted ${shown.position}`])
    const { narrowed, commonDigest } = coverageOf(await pageFor(institute, c))
    t.same(narrowed, [{ position: shown.position, by: narrowing.position }])
    t.equal(commonDigest, before.commonDigest)
  })

  await t.test('that becomes RED leaves everybody, and what takes it back then stays here', async (t) => {
    await remark(deps, shown.recordId, red, red)
    for (const peer of [b, c]) t.notOk(opened(await pageFor(institute, peer)).includes(shown.position))
    const withdrawal = await withdrawFinding(deps, shown.finding, { reason: 'information-hazard' }, call())
    await deps.writer.seal()
    for (const peer of [b, c]) t.notOk(opened(await pageFor(institute, peer)).includes(withdrawal.position))
  })
})

t.test('what takes back a narrowed record reaches all who once had it', async (t) => {
  const institute = await openInstitute(t, { peers: [b, c] })
  const { deps } = institute
  const { circle } = await appendGroup(deps, [{ iss: b.iss }])
  const shown = await append(deps, { mark: green })
  await pageFor(institute, c)
  const mark = { ...marks.amber, group: circle }
  await remark(deps, shown.recordId, mark, mark)
  const withdrawal = await withdrawFinding(deps, shown.finding, { reason: 'information-hazard' }, call())
  await deps.writer.seal()
  for (const peer of [b, c]) t.ok(opened(await pageFor(institute, peer)).includes(withdrawal.position))
})

t.test('a marking record is taken back with its target', async (t) => {
  const institute = await openInstitute(t, { peers: [b, c] })
  const { deps } = institute
  const { circle } = await appendGroup(deps, [{ iss: b.iss }])
  const mark = { ...marks.amber, group: circle }
  const shown = await append(deps, { mark: green })
  const widening = await remark(deps, shown.recordId, marks.clear, green)
  t.ok(opened(await pageFor(institute, c)).includes(widening.position))
  await remark(deps, shown.recordId, mark, mark)
  t.same(await feedOf(institute, c), [`revoked ${shown.position}`, `revoked ${widening.position}`])
  t.same(await feedOf(institute, b), [])
  await remark(deps, shown.recordId, green, mark)
  t.same(await feedOf(institute, c, 2), [`granted ${shown.position}`, `granted ${widening.position}`])
})

t.test('a marking record that is closed from the start is revoked from nobody', async (t) => {
  const institute = await openInstitute(t, { peers: [b] })
  const { deps } = institute
  const shown = await append(deps, { mark: green })
  const later = { ...marks.clear, embargoUntil: start + 60 }
  await remark(deps, shown.recordId, later, green)
  t.same(await feedOf(institute, b), [`revoked ${shown.position}`])
})

t.test('an embargo opens by itself, once, and ends the wait of whoever may read then', async (t) => {
  const institute = await openInstitute(t, { peers: [b, c] })
  const { deps, clock } = institute
  const { circle } = await appendGroup(deps, [{ iss: b.iss }])
  const mark = { ...green, group: circle, embargoUntil: start + 60 }
  const { position } = await append(deps, { mark })
  t.ok(opened(await pageFor(institute, b)).includes(position))
  t.notOk(opened(await pageFor(institute, c)).includes(position))

  const { size } = await pageFor(institute, c)
  const waiting = waitForGrowth(deps, { size, access: { peer: c.iss, length: 0 } }, 20_000)
  clock.seconds = start + 60
  await changeAccess(deps, withEndedEmbargo(clock.seconds))
  await changeAccess(deps, withEndedEmbargo(clock.seconds))
  await waiting
  t.same(await feedOf(institute, c), [`granted ${position}`])
  t.same(await feedOf(institute, b), [])
  t.ok(opened(await pageFor(institute, c)).includes(position))
})

t.test('a peer', async (t) => {
  const institute = await openInstitute(t, { peers: [b, { ...c, ceiling: 'CLEAR' }] })
  const { deps } = institute
  const shown = await append(deps, { mark: green })

  await t.test('gets nothing above its ceiling, and its statement says so', async (t) => {
    const page = await pageFor(institute, c)
    t.same(opened(page), [0])
    t.equal(coverageOf(page).ceiling, 'CLEAR')
    t.equal(coverageOf(await pageFor(institute, b)).ceiling, undefined)
    t.ok(verifyCoverage(page.trailer.coverage, deps.identity.keyset()))
  })

  await t.test(
    'gets no page and no feed while it is suspended, and is told to read again when it is back',
    async (t) => {
      await suspendPeer(deps, b.iss, 'suspend', 'olga')
      await t.rejects(pageFor(institute, b), { code: 'forbidden' })
      await t.rejects(feedOf(institute, b), { code: 'forbidden' })
      await suspendPeer(deps, b.iss, 'resume', 'olga')
      t.same(opened(await pageFor(institute, b)), [0, shown.position])
      t.same(await feedOf(institute, b), ['reset'])
    },
  )

  await t.test('whose ceiling is changed is told to read again', async (t) => {
    const raised = await openInstitute(t, { peers: [{ ...c, ceiling: 'GREEN' }] })
    t.same(await feedOf(raised, c), [], 'a new peer reads from the start anyway')
  })

  await t.test('reads its own feed alone, from wherever it is', async (t) => {
    const page = parseAccessPageUnsafe(await readAccessPage(deps, b, 1)).page
    t.same([page.peer, page.from, page.to, page.items], [b.iss, 1, 1, []])
  })
})
