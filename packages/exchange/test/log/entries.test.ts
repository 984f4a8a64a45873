import { verifyCheckpoint } from '@concordance/log'
import {
  formatEntryLine,
  type GateContext,
  gateEntries,
  limits,
  openedDigestOf,
  positionsDigest,
  verifyCoverage,
} from '@concordance/protocol'
import t from 'tap'
import { readPage, waitForGrowth } from '../../src/log/entries.ts'
import { appendRecord } from '../../src/publish.ts'
import { withdrawFinding } from '../../src/withdraw.ts'
import { input, marks, observation } from '../support/content.ts'
import { call, openInstitute, start } from '../support/institute.ts'

const peers = ['b', 'c'].map((name) => ({
  iss: `https://${name}.institute.example`,
  baseUrl: `https://${name}.example`,
  pin: 'A'.repeat(43),
}))
const [peer, other] = peers as [
  { iss: string; baseUrl: string; pin: string },
  { iss: string; baseUrl: string; pin: string },
]

t.test('a page of the log', async (t) => {
  const { deps, iss, pin, clock } = await openInstitute(t, { peers })
  const publish = (mark: Parameters<typeof input>[0]) => appendRecord(deps, input(mark), call())
  const embargo = { tlp: 'GREEN', relay: 'none', embargoUntil: start + 1_000 } as const
  await publish({ mark: marks.clear })
  const green = await publish({ mark: marks.green })
  for (const mark of [marks.amber, marks.amberStrict, marks.red, embargo]) await publish({ mark })
  const withdrawal = await withdrawFinding(deps, green.finding, { reason: 'error' }, call())
  await deps.writer.seal()
  const page = await readPage(deps, peer, { from: 0, limit: 1000 })
  const states = (entries: typeof page.entries) => entries.map(({ state }) => state)
  const keyset = deps.identity.keyset()

  await t.test(
    'opens CLEAR and GREEN to an active peer, keeps the statement of what was withdrawn, and closes the rest',
    async (t) => {
      t.same(states(page.entries), ['open', 'open', 'statement', 'hash', 'hash', 'hash', 'hash', 'open'])
      t.equal(page.entries.at(-1)?.position, withdrawal.position)
    },
  )

  await t.test('holds no byte of a closed record but its leaf', async (t) => {
    for (const entry of page.entries) {
      if (entry.state === 'hash') t.same(Object.keys(entry), ['position', 'leaf', 'state'])
      if (entry.state === 'statement') t.notOk('body' in entry)
    }
  })

  await t.test('passes the gate of whoever pins the root key', async (t) => {
    const context: GateContext = { iss, origin: deps.identity.origin, pin, keyset: undefined }
    const gated = await gateEntries(context, page.entries, 0)
    t.equal(gated.filter(({ quarantine }) => quarantine).length, 0)
  })

  await t.test('ends with a coverage statement of exactly what it opened, for this peer', async (t) => {
    const coverage = verifyCoverage(page.trailer.coverage, keyset)
    const opened = page.entries.flatMap(({ position, state }) => (state === 'hash' ? [] : [{ position, state }]))
    t.match(coverage, {
      peer: peer.iss,
      from: 0,
      to: 8,
      size: 8,
      openedDigest: openedDigestOf(page.trailer.salt, opened),
      accessAt: 0,
    })
    t.match(verifyCheckpoint(page.trailer.checkpoint, keyset), { size: 8 })
    t.equal(page.trailer.next, 8)
  })

  await t.test('counts as common what every active peer is given, so that two peers can compare', async (t) => {
    t.same(page.common, [0, 1, 2, 7])
    const theirs = await readPage(deps, other, { from: 0, limit: 1000 })
    const digests = [page, theirs].map(({ trailer }) => verifyCoverage(trailer.coverage, keyset).commonDigest)
    t.equal(digests[0], digests[1])
    t.equal(digests[0], positionsDigest([0, 1, 2, 7].map((position) => ({ position }))))
  })

  await t.test('stands in the delivery log before it leaves', async (t) => {
    const rows = await deps.db.selectFrom('delivery').selectAll().where('peer', '=', peer.iss).execute()
    t.match(rows, [{ from_position: 0, to_position: 8, opened: [0, 1, 2, 7] }])
    await t.rejects(deps.pool.query('delete from delivery'), { code: '23000' })
  })

  await t.test(
    'opens an embargoed record when the embargo is over, and not before, without making it common',
    async (t) => {
      clock.seconds = start + 999
      t.same(states((await readPage(deps, peer, { from: 6, limit: 1 })).entries), ['hash'])
      clock.seconds = start + 1_000
      const later = await readPage(deps, peer, { from: 6, limit: 1 })
      t.same(states(later.entries), ['open'])
      t.same(later.common, [])
    },
  )

  await t.test('is empty at the end of the log and beyond it, and its checkpoint says where that is', async (t) => {
    for (const from of [8, 9_000]) {
      const empty = await readPage(deps, peer, { from, limit: 10 })
      t.same(empty.entries, [])
      t.match(verifyCoverage(empty.trailer.coverage, keyset), { from: 8, to: 8, size: 8 })
    }
  })

  await t.test('is refused to a peer that is not active now', async (t) => {
    await deps.db.updateTable('peer').set({ state: 'suspended' }).where('iss', '=', peer.iss).execute()
    await t.rejects(readPage(deps, peer, { from: 0, limit: 1 }), { code: 'forbidden' })
    await t.rejects(readPage(deps, { iss: 'https://stranger.example' }, { from: 0, limit: 1 }), { code: 'forbidden' })
    await deps.db.updateTable('peer').set({ state: 'active' }).where('iss', '=', peer.iss).execute()
    await t.resolves(readPage(deps, peer, { from: 0, limit: 1 }))
  })
})

t.test('a page of large records', async (t) => {
  const { deps } = await openInstitute(t, { peers })
  const large = { ...observation(), more: `${'"'.repeat(60_000)}${'é'.repeat(40_000)}` }
  for (let i = 0; i < 30; i++) await appendRecord(deps, input({ content: large }), call())
  await deps.writer.seal()

  await t.test('stays within 4 MiB on the wire and the next page goes on', async (t) => {
    let from = 0
    let pages = 0
    while (from < 31) {
      const page = await readPage(deps, peer, { from, limit: 1000 })
      const bytes = page.entries.reduce((sum, entry) => sum + Buffer.byteLength(formatEntryLine(entry)) + 1, 0)
      t.ok(bytes <= limits.pageBytes, `${bytes} bytes`)
      t.ok(page.entries.length > 0)
      from = page.trailer.next
      pages++
    }
    t.ok(pages > 1)
  })
})

t.test('waiting for the log to grow', async (t) => {
  const { deps, open } = await openInstitute(t, { peers })

  await t.test('ends soon after a record is published here or by another process', async (t) => {
    const second = await open()
    for (const [index, publisher] of [deps, second.deps].entries()) {
      const waiting = waitForGrowth(deps, { size: index + 1 }, 20_000)
      await appendRecord(publisher, input(), call())
      await waiting
      t.equal((await readPage(deps, peer, { from: index + 1, limit: 10 })).entries.length, 1)
    }
  })

  await t.test('ends when the time is over or the caller has gone', async (t) => {
    await waitForGrowth(deps, { size: 3 }, 50)
    const gone = new AbortController()
    const waiting = waitForGrowth(deps, { size: 3 }, 20_000, gone.signal)
    gone.abort()
    await t.resolves(waiting)
  })
})
