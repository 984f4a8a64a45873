import { streamSearch } from '@concordance/client'
import { api, type InstituteAnswer, parseCompactUnsafe, type SearchEvent } from '@concordance/protocol'
import fc from 'fast-check'
import t from 'tap'
import { until } from '../../network/until.ts'
import { answering, type Behaviour, hanging, hitOf, type MockPeer, refusing, sendAnswer } from './mock-peer.ts'
import { knownSize, searchAll, startWorld } from './world.ts'

/** How a peer may answer, what its status then is, and whether it is the peer's own signed word. */
const ways: Readonly<Record<string, { behaviour: Behaviour; status: InstituteAnswer['status']; signed: boolean }>> = {
  ok: { behaviour: answering(), status: 'ok', signed: true },
  partial: {
    behaviour: answering(() => [], { status: 'partial', reason: 'out-of-time' }),
    status: 'partial',
    signed: true,
  },
  refused: {
    behaviour: answering(() => [], { status: 'refused', reason: 'requester-budget' }),
    status: 'refused',
    signed: true,
  },
  unsupported: {
    behaviour: answering(() => [], { status: 'unsupported', reason: 'not-offered' }),
    status: 'unsupported',
    signed: true,
  },
  'shut out': { behaviour: refusing(403, 'forbidden'), status: 'refused', signed: false },
  unknown: { behaviour: refusing(404, 'not-found'), status: 'unsupported', signed: false },
  failing: { behaviour: refusing(500, 'internal'), status: 'unreachable', signed: false },
  cut: { behaviour: ({ request }) => request.socket.destroy(), status: 'unreachable', signed: false },
  hanging: { behaviour: hanging, status: 'timeout', signed: false },
  stale: {
    behaviour: (exchange) => sendAnswer(exchange, [], { checkpoint: { size: knownSize - 1, root: 'A'.repeat(43) } }),
    status: 'stale',
    signed: true,
  },
}

t.test('with one peer hanging, one refusing and one slow', async (t) => {
  const { peers, staff, clientOf } = await startWorld(t, ['hanging', 'refusing', 'slow'])
  const [hangs, refuses, slow] = peers as [MockPeer, MockPeer, MockPeer]
  hangs.behaviour = hanging
  refuses.behaviour = answering(() => [], { status: 'refused', reason: 'requester-budget' })
  const lateBy = { ms: 400 }
  slow.behaviour = async (exchange) => {
    const hits = [await hitOf(slow, 'Sycophancy, said slowly.')]
    setTimeout(() => sendAnswer(exchange, hits).catch(() => {}), exchange.question.budgetMs + lateBy.ms)
  }

  await searchAll(staff, { iss: refuses.iss }) // connections and plans are made once

  for (const budgetMs of [1_500, 4_000]) {
    await t.test(`an answer comes within ${budgetMs} ms and a tenth, and says of each how it answered`, async (t) => {
      const { institutes, complete, tookMs } = await searchAll(staff, { budgetMs })
      t.comment(`${Math.round(tookMs)} ms of ${budgetMs}`)
      t.ok(tookMs <= budgetMs * 1.1, `${tookMs} ms`)
      t.equal(complete, false)
      t.match(byName(institutes), [
        ['https://hanging.example', 'timeout', 'no-answer-in-time'],
        ['https://refusing.example', 'refused', 'requester-budget'],
        ['https://slow.example', 'timeout', 'no-answer-in-time'],
      ])
      t.equal(institutes.length, 3, 'exactly one a peer')
      const [, refused] = institutes
      t.equal(parseCompactUnsafe(refused?.signed ?? '', 'concordance-answer+jwt').payload.status, 'refused')
    })
  }

  await t.test('a stream gives what is here first, each peer as it answers, and the summary in time', async (t) => {
    const budgetMs = 1_500
    const heard: { event: SearchEvent; atMs: number }[] = []
    const started = performance.now()
    const summary = await streamSearch(staff, {
      query: { q: 'sycophancy', budgetMs },
      onEvent: (event) => heard.push({ event, atMs: performance.now() - started }),
    })
    t.strictSame(
      heard.map(({ event }) => event.event),
      ['local', 'institute', 'institute', 'institute', 'summary'],
    )
    t.match(heard[1]?.event.data, { institute: { iss: refuses.iss, status: 'refused' } })
    t.ok((heard[1]?.atMs ?? 0) < budgetMs / 2, 'whoever answers at once is heard at once')
    t.ok((heard.at(-1)?.atMs ?? 0) <= budgetMs * 1.1)
    t.equal(summary.complete, false)
    t.equal(summary.institutes.length, 3)
  })

  await t.test('what the slow one says after the budget is kept for whoever asked', async (t) => {
    const { queryId = '' } = await searchAll(staff, { budgetMs: 300 })
    const late = () => staff.call(api.getLateAnswers, { params: { query: queryId } })
    t.match(await late(), { queryId, hits: [], complete: false, waiting: [hangs.iss, slow.iss] })
    await until('the slow one has answered', async () => (await late()).hits.length > 0)
    const { hits, institutes, waiting, complete } = await late()
    t.match(hits, [{ title: { en: 'Sycophancy, said slowly.' }, iss: slow.iss }])
    t.match(byName(institutes), [
      [hangs.iss, 'timeout', 'no-answer-in-time'],
      [refuses.iss, 'refused', 'requester-budget'],
      [slow.iss, 'ok', undefined],
    ])
    t.ok(institutes[2]?.signed)
    t.strictSame(waiting, [hangs.iss])
    t.equal(complete, false, 'two have still not answered')

    const other = await clientOf('somebody else')
    await t.rejects(other.call(api.getLateAnswers, { params: { query: queryId } }), { code: 'not-found' })
    const never = '01890a5d-ac96-774b-bcce-b302099a8057'
    await t.rejects(staff.call(api.getLateAnswers, { params: { query: never } }), { code: 'not-found' })
  })
})

t.test('any mix of answers gives each peer its one status, signed where it answered', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const { node, peers, staff } = await startWorld(t, names)
  const mix = fc.array(fc.oneof(fc.constant('ok'), fc.constantFrom(...Object.keys(ways))), {
    minLength: names.length,
    maxLength: names.length,
  })
  let seenComplete = 0
  const check = async (chosen: readonly string[]) => {
    for (const [index, peer] of peers.entries()) peer.behaviour = ways[chosen[index] ?? '']?.behaviour ?? hanging
    const { institutes, complete } = await searchAll(staff, { budgetMs: chosen.includes('hanging') ? 1_000 : 10_000 })
    const expected = chosen.map((way, index) => [
      `https://${names[index]}.example`,
      ways[way]?.status,
      ways[way]?.signed,
    ])
    t.strictSame(
      institutes.map(({ iss, status, signed }) => [iss, status, signed !== undefined]),
      expected,
      chosen.join(),
    )
    t.equal(
      complete,
      chosen.every((way) => way === 'ok'),
      'complete if and only if every peer in scope answered ok',
    )
    for (const { status, reason } of institutes)
      t.equal(status === 'ok', reason === undefined, 'a reason where it is not ok')
    seenComplete += complete ? 1 : 0
  }
  await fc.assert(fc.asyncProperty(mix, check), { numRuns: 40, seed: 4, examples: [[names.map(() => 'ok')]] })
  t.ok(seenComplete > 0, 'some were complete')

  await t.test('and whoever is out of scope has none and takes nothing from completeness', async (t) => {
    for (const peer of peers) peer.behaviour = hanging
    const [first] = peers as [MockPeer]
    first.behaviour = answering()
    const { institutes, complete } = await searchAll(staff, { iss: first.iss })
    t.match(byName(institutes), [[first.iss, 'ok', undefined]])
    t.equal(complete, true)
    t.notOk(first.heard.at(-1)?.question.filters.iss, 'a question says nothing of whom else one asks')
    const nobody = await searchAll(staff, { iss: node.deps.identity.iss })
    t.match(nobody, { institutes: [], complete: true })
  })
})

t.test('whoever leaves is not searched for any longer', async (t) => {
  const { peers, staff } = await startWorld(t, ['hanging'])
  const [peer] = peers as [MockPeer]
  let ended = false
  peer.behaviour = ({ response }) => response.once('close', () => (ended = true))
  for (const leave of ['stream', 'json'] as const) {
    ended = false
    const stop = new AbortController()
    const { signal } = stop
    const query = { q: 'sycophancy', budgetMs: 20_000 }
    const asked: Promise<unknown> =
      leave === 'stream'
        ? streamSearch(staff, { query, onEvent: () => {}, signal })
        : staff.call(api.search, { query: { ...query, federated: true }, signal })
    asked.catch(() => {})
    const before = peer.heard.length
    await until('the peer is asked', async () => peer.heard.length > before)
    stop.abort()
    await t.rejects(asked, { code: 'STOPPED' })
    await until('the call to the peer has ended', async () => ended)
    t.pass(leave)
  }
})

t.test('a node that is searched with hardly any time stops as it should', async (t) => {
  const { peers, staff } = await startWorld(t, ['hanging'])
  const [peer] = peers as [MockPeer]
  peer.behaviour = hanging
  for (let asked = 0; asked < 5; asked++) {
    t.match(await searchAll(staff, { budgetMs: 50 }), { complete: false, institutes: [{ status: 'timeout' }] })
  }
})

function byName(institutes: readonly InstituteAnswer[]) {
  return institutes.map(({ iss, status, reason }) => [iss, status, reason])
}
