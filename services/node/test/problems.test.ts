import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Problem, type ProblemCode, problems, type Receipt } from '@concordance/protocol'
import t from 'tap'
import { startTestNode } from './support/node.ts'
import { observation } from './support/observation.ts'
import { type Answer, type Outgoing, send } from './support/send.ts'

t.test('every failure is a problem', async (t) => {
  const node = await startTestNode(t, { file: { rates: { address: 10_000, public: 10_000, person: 10_000 } } })
  const token = await node.token('read', 'draft', 'publish', 'operate')
  const ask = (outgoing: Outgoing) =>
    send(node.url, { ...outgoing, headers: { authorization: `Bearer ${token}`, ...outgoing.headers } })
  const key = () => ({ 'idempotency-key': randomUUID() })
  const draft = { method: 'POST', path: '/v1/drafts', body: observation('x') }

  await t.test('with its type, title, status, code, remedy and the id of the request', async (t) => {
    const answer = await ask({ path: '/v1/records?limit=0' })
    t.match(answer.headers, { 'content-type': /^application\/problem\+json/, 'cache-control': 'no-store' })
    const { title, remedy } = problems.invalid
    t.match(answer.json(), { type: 'urn:concordance:problem:invalid', title, status: 422, code: 'invalid', remedy })
    t.match(answer.json().instance, /^urn:uuid:/)
    t.match(answer.json().errors, [{ pointer: '/query/limit' }])
  })

  await t.test('and tells browsers to make nothing of it, as every answer does', async (t) => {
    const told = {
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'strict-transport-security': /^max-age=/,
      'x-content-type-options': 'nosniff',
      'x-frame-options': /./,
    }
    for (const path of ['/v1/records', '/v1/records?limit=0', '/v1/nothing', '/livez']) {
      t.match((await ask({ path })).headers, told, path)
    }
  })

  await t.test('whatever part of the request is at fault', async (t) => {
    const cases: [string, Outgoing, ProblemCode][] = [
      ['an unknown address', { path: '/v1/nothing' }, 'not-found'],
      ['an unknown method there', { method: 'PROPFIND', path: '/v1/records' }, 'method-not-allowed'],
      ['a method that the address has not', { method: 'PATCH', path: '/v1/records/x' }, 'method-not-allowed'],
      ['a malformed address', { path: '/%zz' }, 'invalid'],
      ['a parameter of the wrong form', { path: '/v1/records/short' }, 'invalid'],
      ['a parameter that is too long', { path: `/v1/records/${'a'.repeat(700)}` }, 'invalid'],
      ['an unknown query parameter', { path: '/v1/records?unknown=1' }, 'invalid'],
      ['an unknown one where none is taken', { path: '/livez?x=1' }, 'invalid'],
      ['a query parameter that stands twice', { path: '/v1/records?limit=1&limit=2' }, 'invalid'],
      ['a number in another spelling', { path: '/v1/records?limit=1e1' }, 'invalid'],
      ['a fraction', { path: '/v1/log/proof/consistency?from=0.5' }, 'invalid'],
      ['a sign', { path: '/v1/log/proof/consistency?from=-0' }, 'invalid'],
      ['a truth in another spelling', { path: '/v1/search?q=a&federated=1' }, 'invalid'],
      ['a cursor that no page gave', { path: '/v1/records?cursor=abc' }, 'invalid'],
      [
        'a body of another media type',
        { ...draft, headers: { ...key(), 'content-type': 'text/plain' } },
        'unsupported-media',
      ],
      ['a body without a media type', { ...draft, headers: { ...key(), 'content-type': '' } }, 'unsupported-media'],
      ['an encoded body', { ...draft, headers: { ...key(), 'content-encoding': 'gzip' } }, 'encoding'],
      ['a body that is too large', { ...draft, headers: key(), body: Buffer.alloc(600_000, 0x20) }, 'too-large'],
      ['a body that is no JSON', { ...draft, headers: key(), body: '{' }, 'invalid'],
      ['a body that is not UTF-8', { ...draft, headers: key(), body: Buffer.from([0x22, 0xff, 0x22]) }, 'invalid'],
      ['no body', { ...draft, headers: key(), body: undefined }, 'invalid'],
      ['a body where none is taken', { method: 'DELETE', path: `/v1/drafts/${randomUUID()}`, body: {} }, 'invalid'],
      ['no Idempotency-Key', draft, 'invalid'],
      ['an Idempotency-Key that is too short', { ...draft, headers: { 'idempotency-key': 'x' } }, 'invalid'],
      ['no If-Match', { method: 'DELETE', path: `/v1/drafts/${randomUUID()}` }, 'precondition-required'],
      [
        'a weak If-Match',
        { method: 'DELETE', path: `/v1/drafts/${randomUUID()}`, headers: { 'if-match': 'W/"1"' } },
        'invalid',
      ],
      ['an unknown draft', { path: `/v1/drafts/${randomUUID()}` }, 'not-found'],
      ['no marking', { ...draft, headers: key(), body: { ...observation('x'), mark: undefined } }, 'invalid'],
      [
        'a contradictory marking',
        { ...draft, headers: key(), body: { ...observation('x'), mark: { tlp: 'RED', relay: 'any' } } },
        'marking-invalid',
      ],
      [
        'a member that is not ours',
        { ...draft, headers: key(), body: { ...observation('x'), iss: 'https://x.example' } },
        'invalid',
      ],
      ['an unknown problem', { path: '/v1/problems/none' }, 'not-found'],
    ]
    for (const [name, outgoing, code] of cases) {
      const answer = await ask(outgoing)
      t.equal(answer.json().code, code, name)
      t.equal(answer.status, problems[code].status, `${name}: ${problems[code].status}`)
      t.equal(answer.json().status, answer.status)
      t.match(answer.headers['content-type'], /^application\/problem\+json/)
    }
    t.equal((await ask({ ...draft, headers: key() })).status, 201, 'the honest twin of all of them')
  })

  await t.test('and a wrong method is told the right ones', async (t) => {
    t.equal((await ask({ method: 'PATCH', path: '/v1/drafts' })).headers.allow, 'POST, GET, HEAD')
  })

  await t.test('what is closed to the asker answers as what never was', async (t) => {
    const published = await ask({
      method: 'POST',
      path: '/v1/records',
      headers: key(),
      body: observation('secret', 'RED'),
    })
    const { recordId } = published.json<Receipt>()
    const never = recordId.startsWith('A') ? recordId.replace(/^A/, 'B') : recordId.replace(/^./, 'A')
    for (const part of ['', '/body', '/proof', '/citations']) {
      const closed = await send(node.url, { path: `/v1/records/${recordId}${part}` })
      t.equal(closed.status, 404)
      t.same(told(closed), told(await send(node.url, { path: `/v1/records/${never}${part}` })))
    }
    const proof = (id: string) => send(node.url, { path: `/v1/log/proof/inclusion?record=${id}` })
    t.same(told(await proof(recordId)), told(await proof(never)))
    t.equal((await proof(recordId)).status, 404)
  })

  await t.test('each has a page of its own here', async (t) => {
    for (const [code, problem] of Object.entries(problems)) {
      t.same((await ask({ path: `/v1/problems/${code}` })).json(), {
        type: `urn:concordance:problem:${code}`,
        code,
        ...problem,
      })
    }
  })

  await t.test('also where the request is no HTTP', async (t) => {
    const port = Number(new URL(node.url).port)
    const requests = [
      'NONSENSE\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nA\u0000B: c\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    ]
    for (const request of requests) {
      const socket = connect(port, '127.0.0.1')
      socket.write(request)
      const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
      t.match(head, /^HTTP\/1\.1 4\d\d [\s\S]*application\/problem\+json/, JSON.stringify(request.slice(0, 40)))
      t.equal((JSON.parse(body) as Problem).code, 'invalid')
    }
  })

  await t.test('what breaks inside is told as such, and nothing more of it', async (t) => {
    await node.deps.pool.query('alter table record rename to hidden')
    const broken = await send(node.url, { path: '/v1/records' })
    await node.deps.pool.query('alter table hidden rename to record')
    t.equal(broken.status, 500)
    t.equal(broken.json().code, 'internal')
    t.notMatch(broken.text, /relation|select|exist|hidden|\.ts/)
    t.equal((await send(node.url, { path: '/v1/records' })).status, 200)
  })
})

/** All but what differs between any two answers. */
function told({ status, headers: { date: _, ...headers }, json }: Answer) {
  const { instance: __, ...problem } = json()
  return { status, headers, problem }
}

t.test('a record for which an interval of the log has no room', async (t) => {
  const now = { seconds: Math.floor(Date.now() / 1_000) }
  const every = 18_000
  const node = await startTestNode(t, { file: { sealing: { every, leaves: 1 } } })
  const token = await node.token('publish')
  const publish = () =>
    send(node.url, {
      method: 'POST',
      path: '/v1/records',
      body: { ...observation('x'), mark: { tlp: 'RED', relay: 'none' } },
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() },
    })
  const next = (Math.floor(now.seconds / every) + 1) * every
  const taken = await publish()
  t.equal(taken.status, 201)
  const { sealsAt } = taken.json<Receipt>()
  t.ok(sealsAt === next || sealsAt === next + every, 'the receipt says when others see it')
  const refused = await publish()
  t.match(refused.json(), { status: 503, code: 'unavailable' })
  const inSeconds = Number(refused.headers['retry-after'])
  t.ok(inSeconds >= 1 && inSeconds <= every, `and the refusal when there is room: in ${inSeconds} s`)
})
