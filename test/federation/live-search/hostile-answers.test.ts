import { randomBytes } from 'node:crypto'
import {
  api,
  canonicalize,
  encodeBase64url,
  hitsDigest,
  type JsonValue,
  parseCanonical,
  signAnswer,
  signCompact,
} from '@concordance/protocol'
import t from 'tap'
import { answering, type Behaviour, hitOf, type MockPeer, saidBy, sendAnswer, sendJson } from './mock-peer.ts'
import { askOne, startWorld } from './world.ts'

const budgetMs = 2_000
const mebibyte = 1_024 * 1_024

t.test('an answer of a hostile peer', async (t) => {
  const { peers, staff, node } = await startWorld(t, ['mallory', 'oslo'])
  const [mallory, oslo] = peers as [MockPeer, MockPeer]
  const ask = (query = {}) => askOne(staff, { iss: mallory.iss, budgetMs, ...query })
  const honest = await hitOf(mallory, 'Sycophancy was seen.')

  await t.test('is taken where it is honest', async (t) => {
    mallory.behaviour = answering(() => [honest])
    const { institute, hits, complete } = await ask()
    t.match(institute, { status: 'ok', matched: 1, size: 10, granularity: 'full' })
    t.match(hits, [{ iss: mallory.iss, title: { en: 'Sycophancy was seen.' }, state: 'open' }])
    t.equal(complete, true)
  })

  const bent = (bend: (hit: Record<string, JsonValue>) => JsonValue): Behaviour =>
    answering(() => [canonicalize(bend(parseCanonical(honest) as Record<string, JsonValue>))])
  const forged = (line: string) => {
    const hit = parseCanonical(line) as { statement: string }
    return canonicalize({ ...hit, statement: `${hit.statement.slice(0, -86)}${'A'.repeat(86)}` })
  }
  const earlier: { answer?: unknown } = {}

  const invalid: Readonly<Record<string, Behaviour>> = {
    'signed by somebody else': async ({ question, response }) => {
      const said = saidBy(mallory, question, [])
      sendJson(response, { answer: await signAnswer(said, oslo.signers.log), hits: [] })
    },
    'signed by somebody else under the id of its key': async ({ question, response }) => {
      const signer = { ...oslo.signers.log, kid: mallory.signers.log.kid }
      sendJson(response, { answer: await signAnswer(saidBy(mallory, question, []), signer), hits: [] })
    },
    'of another institute, which is what it says': async ({ question, response }) => {
      sendJson(response, { answer: await signAnswer(saidBy(oslo, question, []), oslo.signers.log), hits: [] })
    },
    'signed with a key for other things': async ({ question, response }) => {
      sendJson(response, { answer: await signAnswer(saidBy(mallory, question, []), mallory.signers.request), hits: [] })
    },
    'signed as a message of another kind': async ({ question, response }) => {
      const said = saidBy(mallory, question, []) as unknown as JsonValue
      sendJson(response, { answer: await signCompact('concordance-node+jwt', said, mallory.signers.log), hits: [] })
    },
    'to another question': answering(() => [], { question: 'A'.repeat(43) }),
    'under another query id': answering(() => [], { queryId: 'another-question' }),
    'for another asker': answering(() => [], { aud: 'https://oslo.example' }),
    'that it gave to an earlier question': async (exchange) => {
      const { question, response } = exchange
      earlier.answer ??= await signAnswer(
        saidBy(mallory, { ...question, queryId: 'earlier-one' }, []),
        mallory.signers.log,
      )
      sendJson(response, { answer: earlier.answer, hits: [] })
    },
    'with hits that were swapped': async ({ question, response }) => {
      const [one, two] = [honest, await hitOf(mallory, 'Another one.')]
      const said = saidBy(mallory, question, [one, two])
      sendJson(response, { answer: await signAnswer(said, mallory.signers.log), hits: [two, one] })
    },
    'with a hit less than was signed': async ({ question, response }) => {
      sendJson(response, {
        answer: await signAnswer(saidBy(mallory, question, [honest]), mallory.signers.log),
        hits: [],
      })
    },
    'with a hit of another institute': answering(async () => [await hitOf(oslo, 'Sycophancy in Oslo.')]),
    'with a record of another log of its own': answering(async () => [
      await hitOf(mallory, 'Sycophancy.', 3, { log: 'mallory.example/log/2' }),
    ]),
    'with another body': bent((hit) => ({ ...hit, body: String(hit.body).replace('seen.', 'heard.') })),
    'with a statement that is none': bent((hit) => ({ ...hit, statement: 'a.b.c' })),
    'with a marking that does not exist': bent((hit) => ({ ...hit, mark: { tlp: 'PINK', relay: 'any' } })),
    'with a marking that contradicts itself': bent((hit) => ({ ...hit, mark: { tlp: 'AMBER', relay: 'none' } })),
    'with a standing that does not exist': bent((hit) => ({ ...hit, status: 'true' })),
    'with a negative position': bent((hit) => ({ ...hit, position: -1 })),
    'with two hits that each fail, one sooner than the other': answering(async () => [
      forged(await hitOf(mallory, 'Forged.', 1)),
      'not JSON',
      forged(await hitOf(mallory, 'Forged too.', 2)),
    ]),
    'with a hit that is no object': answering(() => ['7']),
    'with a hit that is null': answering(() => ['null']),
    'with a hit that is not canonical': answering(() => [`${honest} `]),
    'with a statement in another spelling': bent((hit) => ({ ...hit, statement: `${hit.statement}=` })),
    'with a statement signed in another spelling': answering(async () => {
      const hit = parseCanonical(honest) as { statement: string }
      const [header, payload = ''] = hit.statement.split('.')
      const signed = `${header}.${encodeBase64url(Buffer.from(` ${Buffer.from(payload, 'base64url')}`))}`
      const signature = await mallory.signers.record.sign(Buffer.from(signed))
      return [canonicalize({ ...hit, statement: `${signed}.${encodeBase64url(signature)}` })]
    }),
    'with a title that is no text': bent(({ body: _, ...hit }) => ({ ...hit, body: null, title: { en: { a: 1 } } })),
    'with more hits than it says match': answering(() => [honest], { matched: 0 }),
    'with more hits than were asked for': answering(async () =>
      Promise.all(Array.from({ length: 4 }, (_, at) => hitOf(mallory, `Sycophancy ${at}.`, at))),
    ),
    'with hits beside a refusal': answering(() => [honest], { status: 'refused' }),
    'that says more than numbers say': answering(() => [honest], { granularity: 'count' }),
    'that is no answer': ({ response }) => sendJson(response, { answer: 'a.b.c', hits: [] }),
    'that is other JSON': ({ response }) => sendJson(response, { hello: 'world' }),
    'with a status that does not exist': async ({ question, response }) => {
      const said = { ...saidBy(mallory, question, []), status: 'fine' } as unknown as JsonValue
      sendJson(response, { answer: await signCompact('concordance-answer+jwt', said, mallory.signers.log), hits: [] })
    },
    'that is text': ({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>ok</h1>'),
    'that leads elsewhere': ({ response }) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  }

  for (const [what, behaviour] of Object.entries(invalid)) {
    await t.test(`${what} counts as none`, async (t) => {
      mallory.behaviour = behaviour
      const { institute, hits, complete } = await ask({ limit: 3 })
      t.equal(institute.status, 'unreachable', institute.reason ?? '')
      t.notOk(institute.signed, 'nothing that does not verify is handed on as signed')
      t.strictSame(hits, [])
      t.equal(complete, false)
    })
  }

  await t.test('to a question for numbers holds no hits', async (t) => {
    for (const granularity of ['boolean', 'count', 'summary'] as const) {
      mallory.behaviour = answering(() => [honest], { granularity: 'full' })
      t.match((await ask({ granularity })).institute, { status: 'unreachable', reason: 'answer-invalid' }, granularity)
    }
    mallory.behaviour = answering(() => [], { matched: 7 })
    t.match((await ask({ granularity: 'count' })).institute, { status: 'ok', matched: 7 })
  })

  await t.test('of 10 MiB is cut off', async (t) => {
    mallory.behaviour = ({ response }) => sendJson(response, { answer: 'a.b.c', hits: ['x'.repeat(10 * mebibyte)] })
    t.match((await ask()).institute, { status: 'unreachable', reason: 'answer-too-large' })
  })

  await t.test('without an end is cut off, at full speed as well as drop by drop', async (t) => {
    const chunk = randomBytes(mebibyte / 4).toString('hex')
    mallory.behaviour = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pour)
      }
      pour()
    }
    t.match((await ask()).institute, { status: 'unreachable', reason: 'answer-too-large' })
    mallory.behaviour = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"answer":"')
      const timer = setInterval(() => response.write('a'), 50)
      response.once('close', () => clearInterval(timer))
    }
    const started = performance.now()
    t.match((await ask({ budgetMs: 700 })).institute, { status: 'timeout' })
    t.ok(performance.now() - started <= 770)
  })

  await t.test('takes nothing from an honest one beside it, nor from the next of its own', async (t) => {
    const fromOslo = await hitOf(oslo, 'Sycophancy in Oslo.')
    oslo.behaviour = answering(() => [fromOslo])
    mallory.behaviour = answering(() => [fromOslo])
    const both = await staff.call(api.search, { query: { q: 'sycophancy', federated: true, budgetMs } })
    t.match(both.institutes, [
      { iss: mallory.iss, status: 'unreachable' },
      { iss: oslo.iss, status: 'ok' },
    ])
    t.match(both.hits, [{ iss: oslo.iss }])
    mallory.behaviour = (exchange) => sendAnswer(exchange, [honest])
    t.equal((await ask()).institute.status, 'ok')
  })

  await t.test('whose log was caught contradicting itself is not asked', async (t) => {
    const heard = mallory.heard.length
    const setState = (state: 'frozen' | 'following') =>
      node.deps.db.updateTable('log').set({ state }).where('iss', '=', mallory.iss).execute()
    await setState('frozen')
    t.match((await ask()).institute, { status: 'refused', reason: 'log-frozen' })
    t.equal(mallory.heard.length, heard)
    await setState('following')
    t.equal((await ask()).institute.status, 'ok')
  })

  await t.test('is given in hand, for anybody to verify', async (t) => {
    mallory.behaviour = answering(() => [honest])
    const { institute, queryId } = await ask()
    const said = JSON.parse(Buffer.from(institute.signed?.split('.')[1] ?? '', 'base64url').toString())
    t.match(said, { iss: mallory.iss, queryId, hits: hitsDigest([honest]), status: 'ok' })
  })
})
