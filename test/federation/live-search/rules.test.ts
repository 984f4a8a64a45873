import { randomBytes } from 'node:crypto'
import { createClient, requestToken, streamSearch } from '@concordance/client'
import { startNode } from '@concordance/node'
import { api, type SearchQuestion } from '@concordance/protocol'
import t from 'tap'
import { send } from '../../../services/node/test/support/send.ts'
import type { Institute } from '../../network/start-network.ts'
import { publish, round, startTestNetwork } from '../../network/test-network.ts'
import { until } from '../../network/until.ts'
import { answering, hanging, hitOf, type MockPeer, sendAnswer, settingsOf } from './mock-peer.ts'
import { askOne, searchAll, startWorld } from './world.ts'

t.test('a question', async (t) => {
  const { node, peers, staff, researcher } = await startWorld(t, ['oslo'])
  const [oslo] = peers as [MockPeer]
  const asked = () => oslo.heard.at(-1) as MockPeer['heard'][number]

  await t.test('goes out under its mark, which is AMBER unless somebody says otherwise', async (t) => {
    await searchAll(staff)
    t.match(asked().question, { label: 'AMBER', granularity: 'full', for: 'staff', accepts: 'AMBER', limit: 50 })
    await searchAll(staff, { label: 'GREEN', granularity: 'count', limit: 7, sort: 'newest' })
    t.match(asked().question, { label: 'GREEN', granularity: 'count', limit: 7, sort: 'newest' })
  })

  await t.test('says for whom it is asked, and no more of them', async (t) => {
    await searchAll(researcher)
    const { question, request } = asked()
    t.equal(question.for, 'researcher')
    t.match(request.headers.authorization, /^Concordance /, 'the institute asks, under its own key')
    t.notOk(request.headers.cookie)
    t.notMatch(JSON.stringify([question, request.headers, request.url]), /researcher(?!")|Bearer/)
  })

  await t.test('leaves the peer what remains of the time, less a little for what comes after', async (t) => {
    await searchAll(staff, { budgetMs: 3_000 })
    const { budgetMs } = asked().question
    t.ok(budgetMs < 3_000 && budgetMs > 1_500, `${budgetMs} ms`)
  })

  await t.test('marked RED is put to nobody', async (t) => {
    const heard = oslo.heard.length
    t.match(await searchAll(staff, { label: 'RED' }), {
      complete: false,
      institutes: [{ iss: oslo.iss, status: 'refused', reason: 'query-label' }],
    })
    const summary = await streamSearch(staff, { query: { q: 'secret', label: 'RED' }, onEvent: () => {} })
    t.match(summary, { complete: false, institutes: [{ status: 'refused', reason: 'query-label' }] })
    t.notOk(summary.institutes[0]?.signed, 'which is our own word')
    t.equal(oslo.heard.length, heard)
  })

  await t.test('is put to no institute whose ceiling is below its mark', async (t) => {
    const { peers: others, staff: program } = await startWorld(t, ['low', 'high'])
    const [low, high] = others as [MockPeer, MockPeer]
    t.match(await searchAll(program, { label: 'AMBER+STRICT' }), { complete: true })
    const ceilings = [{ ...settingsOf(low), ceiling: 'GREEN' as const }, settingsOf(high)]
    const lowered = await startWorld(t, [], { file: { peers: ceilings } })
    const { institutes } = await searchAll(lowered.staff, { label: 'AMBER' })
    t.match(institutes, [
      { iss: low.iss, status: 'refused', reason: 'query-label' },
      { iss: high.iss, reason: 'keys-unknown' },
    ])
    const green = await searchAll(lowered.staff, { label: 'GREEN' })
    t.match(green.institutes, [{ reason: 'keys-unknown' }, { reason: 'keys-unknown' }], 'each would be asked')
  })

  await t.test('of the public, or of a peer, asks nobody', async (t) => {
    const heard = oslo.heard.length
    const path = '/v1/search?q=sycophancy&federated=true'
    t.match((await send(node.url, { path })).json(), { status: 403, code: 'forbidden' })
    t.match((await send(node.url, { path, headers: await oslo.headers(path) })).json(), { code: 'forbidden' })
    const local = path.replace('&federated=true', '')
    t.equal((await send(node.url, { path: local, headers: await oslo.headers(local) })).status, 200)
    t.equal((await send(node.url, { path: '/v1/search?q=sycophancy' })).status, 200, 'what is here they may search')
    t.equal((await send(node.url, { path: '/v1/search/stream?q=sycophancy' })).status, 401)
    t.equal(oslo.heard.length, heard)
  })

  await t.test('that no JSON can carry is refused before anybody is asked', async (t) => {
    const heard = oslo.heard.length
    await t.rejects(searchAll(staff, { q: 'a\u0000b' }), { code: 'invalid' })
    t.equal(oslo.heard.length, heard)
  })
})

t.test('hits of a peer are filtered for the person', async (t) => {
  const { node, peers, staff, researcher } = await startWorld(t, ['oslo'])
  const [oslo] = peers as [MockPeer]
  const group = { iss: oslo.iss, finding: '01890a5d-ac96-774b-bcce-b302099a8057' }
  const shown = await hitOf(oslo, 'Sycophancy, for all.', 1)
  const early = { tlp: 'GREEN', relay: 'none', group, embargoUntil: Math.floor(Date.now() / 1_000) + 600 } as const
  const embargoed = await hitOf(oslo, 'Sycophancy, for staff.', 2, { mark: early })
  const strict = await hitOf(oslo, 'Never live.', 3, { mark: { tlp: 'AMBER+STRICT', relay: 'none', group } })
  oslo.behaviour = answering(() => [shown, embargoed, strict])

  await t.test(
    'whatever the peer has sent: of what is closed neither hit nor number nor signed answer is given',
    async (t) => {
      const forStaff = await askOne(staff)
      t.match(forStaff, { hits: [{ position: 1 }, { position: 2 }], institute: { status: 'ok', matched: 2 } })
      t.equal(forStaff.hits.length, 2)
      const forResearcher = await askOne(researcher)
      t.match(forResearcher, { hits: [{ position: 1 }], institute: { status: 'ok', matched: 1 } })
      t.equal(forResearcher.hits.length, 1)
      t.notOk(forResearcher.institute.signed)
      oslo.behaviour = answering(() => [shown])
      t.ok((await askOne(researcher)).institute.signed, 'the honest twin')
    },
  )

  await t.test(
    'also those that came late, by the rights at the time of reading, at any process of the node',
    async (t) => {
      oslo.behaviour = async (exchange) => {
        setTimeout(() => sendAnswer(exchange, [shown, embargoed]).catch(() => {}), exchange.question.budgetMs + 100)
      }
      const read = async (person: typeof staff) => {
        const { queryId } = await askOne(person, { budgetMs: 200 })
        const late = () => person.call(api.getLateAnswers, { params: { query: queryId } })
        await until('the answer is there', async () => (await late()).hits.length > 0)
        return { queryId, late: await late() }
      }
      t.match(await read(researcher), { late: { hits: [{ position: 1 }], institutes: [{ matched: 1 }] } })
      const { queryId, late } = await read(staff)
      t.equal(late.hits.length, 2)
      t.equal(late.complete, true)

      const second = await startNode({ ...node.config, port: 0, logLevel: 'silent' })
      t.teardown(() => second.stop())
      const path = `/v1/search/${queryId}`
      const headers = { authorization: `Bearer ${await node.tokenOf('staff', 'read')}` }
      const elsewhere = await send(second.url, { path, headers })
      t.equal(elsewhere.json<typeof late>().hits.length, 2, 'another process of the node knows of it')

      const { id } = await node.deps.db
        .selectFrom('log')
        .select('id')
        .where('iss', '=', oslo.iss)
        .executeTakeFirstOrThrow()
      await node.deps.db.insertInto('revoked').values({ log: id, position: 2, seq: 0 }).execute()
      t.match((await send(node.url, { path, headers })).json(), {
        hits: [{ position: 1 }],
        institutes: [{ matched: 1 }],
      })
      await node.deps.db.updateTable('peer').set({ state: 'suspended' }).where('iss', '=', oslo.iss).execute()
      t.strictSame((await send(node.url, { path, headers })).json<typeof late>().hits, [])
    },
  )
})

t.test('late answers are forgotten after ten minutes', async (t) => {
  const { node, peers, staff } = await startWorld(t, ['oslo'])
  const [oslo] = peers as [MockPeer]
  oslo.behaviour = hanging
  const { queryId } = await askOne(staff, { budgetMs: 100 })
  const ask = () => staff.call(api.getLateAnswers, { params: { query: queryId } })
  const age = (seconds: number) =>
    node.deps.pool.query(
      `update late_search set asked_at = asked_at - $1 * interval '1 second', waits_until = waits_until - $1 * interval '1 second'`,
      [seconds],
    )
  t.match(await ask(), { waiting: [oslo.iss] })
  await age(540)
  t.match(await ask(), { waiting: [] }, 'nobody is waited for so long')
  await age(61)
  await t.rejects(ask(), { code: 'not-found' })
})

t.test('a person has so many live questions an hour', async (t) => {
  const search = { questionsAnHour: { person: 2 } }
  const { peers, staff, clientOf } = await startWorld(t, ['oslo'], { file: { search } })
  const [oslo] = peers as [MockPeer]
  await searchAll(staff)
  await streamSearch(staff, { query: { q: 'sycophancy' }, onEvent: () => {} })
  const heard = oslo.heard.length
  for (const refused of [searchAll(staff), streamSearch(staff, { query: { q: 'x' }, onEvent: () => {} })]) {
    const error = await refused.then(
      () => undefined,
      (reason: { code: string; retryAfterMs: number }) => reason,
    )
    t.match(error, { code: 'rate' })
    t.ok(error && error.retryAfterMs > 0 && error.retryAfterMs <= 3_600_000)
  }
  t.equal(oslo.heard.length, heard, 'nobody is asked any more')
  t.match(await staff.call(api.search, { query: { q: 'x' } }), { complete: true }, 'what is here can still be searched')
  t.match(await searchAll(await clientOf('somebody else')), { complete: true })
  t.match(
    (await searchAll(staff, { label: 'RED' })).institutes,
    [{ status: 'refused' }],
    'a question to nobody costs none',
  )
})

t.test('institutes that know one another', async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo', 'lima'], { lines: true })
  const [nairobi, oslo, lima] = network.institutes as [Institute, Institute, Institute]
  await publish(oslo, 'Sycophancy was seen in Oslo.')
  await publish(lima, 'Sycophancy was seen in Lima.')
  await round(nairobi, oslo, lima)
  const pairs = network.institutes.flatMap((from) =>
    network.institutes.filter((to) => to !== from).map((to) => [from.key, to.key] as const),
  )
  const questions = () =>
    pairs.flatMap(([from, to]) =>
      network
        .line(from, to)
        .heard.filter(({ path }) => path === '/v1/search')
        .map(() => `${from} ${to}`),
    )

  await t.test('are each asked once: who is asked asks nobody, so that a ring makes no loop', async (t) => {
    t.match(await searchAll(nairobi.client), { complete: true })
    t.strictSame(questions().sort(), ['nairobi lima', 'nairobi oslo'])
  })

  await t.test('answer for themselves alone, whatever a question asks for', async (t) => {
    const before = questions().length
    const question: SearchQuestion = {
      queryId: 'question-of-a-test',
      budgetMs: 5_000,
      granularity: 'full',
      for: 'staff',
      label: 'AMBER',
      filters: { q: 'sycophancy' },
    }
    const ask = (body: object) => askAs(nairobi, oslo, body)
    t.equal((await ask(question)).hits.length, 1, 'Oslo holds a copy of what Lima has, and does not give it')
    t.equal((await ask({ ...question, filters: { q: 'sycophancy', iss: lima.entityId } })).hits.length, 0)
    for (const more of [{ federated: true }, { hops: 1 }, { peers: [lima.entityId] }, { iss: lima.entityId }]) {
      await t.rejects(ask({ ...question, ...more }), { code: 'invalid' }, JSON.stringify(more))
    }
    await t.rejects(ask({ ...question, filters: { q: 'sycophancy', federated: true } }), { code: 'invalid' })
    t.equal(questions().length, before)
  })
})

async function askAs({ node }: Institute, to: Institute, body: object) {
  const { identity, signers } = node.deps
  const authorize = requestToken({
    iss: identity.iss,
    aud: to.entityId,
    signer: signers.request,
    now: () => new Date(),
    random: randomBytes,
  })
  const client = createClient({ baseUrl: to.config.baseUrl, authorize })
  try {
    return await client.call(api.answerSearch, { body: body as SearchQuestion })
  } finally {
    await client.close()
  }
}
