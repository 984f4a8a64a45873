import type { RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { api } from '@concordance/protocol'
import t from 'tap'
import { bearer, type Client, type ClientOptions, createClient } from '../src/index.ts'
import { answering, failing, readJson, serve, type Test } from './support/serve.ts'

async function clientOf(t: Test, listener: RequestListener, options: Partial<ClientOptions> = {}): Promise<Client> {
  const client = createClient({ baseUrl: await serve(t, listener), retries: 0, ...options })
  t.teardown(() => client.close())
  return client
}

const draft = { type: 'observation', lang: 'en', mark: { tlp: 'GREEN', relay: 'none' }, content: {} } as const
const once = { 'idempotency-key': 'key-of-this-test' }
const draftId = '01890a5d-ac96-774b-bcce-b302099a8057'

t.test('a call', async (t) => {
  await t.test('returns the answer its contract gives', async (t) => {
    const client = await clientOf(t, answering({ status: 'ok' }))
    t.same(await client.call(api.getLiveness, {}), { status: 'ok' })
  })

  await t.test('fills path and query, and sends body, headers and the bearer token', async (t) => {
    const seen: unknown[] = []
    const client = await clientOf(
      t,
      async (request, response) => {
        const { authorization, 'content-type': type, 'idempotency-key': key } = request.headers
        const body = request.method === 'POST' ? await readJson(request) : undefined
        seen.push({ line: `${request.method} ${request.url}`, authorization, type, key, body })
        failing({ code: 'not-found', status: 404 })(request, response)
      },
      { authorize: bearer('secret') },
    )
    const params = { iss: 'https://a.example/x', finding: draftId }
    await t.rejects(client.call(api.getFinding, { params }), { code: 'not-found' })
    await t.rejects(client.call(api.search, { query: { q: 'a&b c', federated: true } }), { code: 'not-found' })
    await t.rejects(client.call(api.createDraft, { headers: once, body: draft }), { code: 'not-found' })
    const authorization = 'Bearer secret'
    t.strictSame(seen, [
      {
        line: `GET /v1/findings/https%3A%2F%2Fa.example%2Fx/${draftId}`,
        authorization,
        type: undefined,
        key: undefined,
        body: undefined,
      },
      {
        line: 'GET /v1/search?q=a%26b+c&federated=true',
        authorization,
        type: undefined,
        key: undefined,
        body: undefined,
      },
      { line: 'POST /v1/drafts', authorization, type: 'application/json', key: 'key-of-this-test', body: draft },
    ])
  })

  await t.test(
    'is held back until it may be sent, signed by then, and never sent where it is stopped before',
    async (t) => {
      const seen: string[] = []
      let signed = 0
      const authorize = () => ({ authorization: `Bearer ${++signed}` })
      const client = await clientOf(
        t,
        (request, response) => {
          seen.push(request.headers.authorization ?? '')
          answering({ status: 'ok' })(request, response)
        },
        { authorize },
      )
      const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const stopping = new AbortController()
      const stopped = client.call(api.getLiveness, { sendAfter: first.promise, signal: stopping.signal })
      const sent = client.call(api.getLiveness, { sendAfter: second.promise })
      stopping.abort()
      first.resolve()
      await t.rejects(stopped, { code: 'STOPPED' })
      t.equal(signed, 2)
      t.strictSame(seen, [])
      second.resolve()
      t.same(await sent, { status: 'ok' })
      t.strictSame(seen, ['Bearer 2'])
    },
  )

  await t.test('keeps the path of the base URL as a prefix', async (t) => {
    const lines: string[] = []
    const base = await serve(t, (request, response) => {
      lines.push(request.url ?? '')
      answering({ status: 'ok' })(request, response)
    })
    const client = createClient({ baseUrl: `${base}/institute/` })
    t.teardown(() => client.close())
    await client.call(api.getLiveness, {})
    t.same(lines, ['/institute/livez'])
  })

  await t.test('gives the text of a text answer, and nothing for 204', async (t) => {
    const client = await clientOf(t, (request, response) => {
      if (request.method === 'DELETE') response.writeHead(204).end()
      else response.writeHead(200, { 'content-type': 'application/jwt' }).end('a.b.c')
    })
    t.equal(await client.call(api.getNodeDocument, {}), 'a.b.c')
    t.equal(await client.call(api.deleteDraft, { params: { id: draftId }, headers: { 'if-match': '"1"' } }), null)
  })

  await t.test('refuses a parameter that would change the path', async (t) => {
    const client = await clientOf(t, answering({}))
    for (const code of ['', '.', '..'])
      await t.rejects(client.call(api.getProblem, { params: { code } }), { code: 'URL_REFUSED' })
  })
})

t.test('a problem becomes an error with its code, status, remedy, fields and waiting time', async (t) => {
  const problem = {
    code: 'invalid',
    status: 422,
    detail: 'two fields',
    remedy: 'correct them',
    errors: [{ pointer: '/a', detail: 'is missing' }],
  }
  const client = await clientOf(t, failing(problem, { 'retry-after': '7' }))
  await t.rejects(client.call(api.getLiveness, {}), {
    name: 'ClientError',
    code: 'invalid',
    status: 422,
    message: 'two fields',
    remedy: 'correct them',
    errors: [{ pointer: '/a', detail: 'is missing' }],
    retryAfterMs: 7000,
  })
})

t.test('a failure that is no problem of a node is one of unknown code', async (t) => {
  const answers: RequestListener[] = [
    failing({ code: 'made-up', status: 418 }),
    failing({ code: 'constructor', status: 400 }),
    (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>proxy</h1>'),
    (_, response) => response.writeHead(400, { 'content-type': 'application/problem+json' }).end('{"code":'),
  ]
  for (const answer of answers) {
    const client = await clientOf(t, answer)
    await t.rejects(client.call(api.getLiveness, {}), { code: 'PROBLEM_UNKNOWN' })
  }
})

t.test('a hostile or broken answer', async (t) => {
  const json = { 'content-type': 'application/json' }
  const ok = JSON.stringify({ status: 'ok' })
  const cases: [string, string, RequestListener][] = [
    ['that redirects is not followed', 'REDIRECT_REFUSED', (_, response) => response.writeHead(302, { location: '/livez' }).end()],
    ['that is compressed is not unpacked', 'ENCODING_REFUSED', (_, response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(ok))],
    ['that names an encoding it does not use is refused', 'ENCODING_REFUSED', (_, response) => response.writeHead(200, { ...json, 'content-encoding': 'identity, br' }).end(ok)],
    ['of another media type is refused', 'MEDIA_TYPE', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(ok)],
    ['without a media type is refused', 'MEDIA_TYPE', (_, response) => response.writeHead(200).end(ok)],
    ['that is not JSON is malformed', 'ANSWER_MALFORMED', (_, response) => response.writeHead(200, json).end('{"status":"ok"')],
    ['with a member twice is malformed', 'ANSWER_MALFORMED', (_, response) => response.writeHead(200, json).end('{"status":"ok","status":"ok"}')],
    ['that is not UTF-8 is malformed', 'ANSWER_MALFORMED', (_, response) => response.writeHead(200, json).end(Buffer.from('{"status":"ok","a":"\xff"}', 'latin1'))],
    ['of another shape is malformed', 'ANSWER_MALFORMED', answering({ status: 'fine' })],
    ['of a status the route does not have is malformed', 'ANSWER_MALFORMED', answering({ status: 'ok' }, 202)],
    ['with huge headers is refused', 'ANSWER_TOO_LARGE', (_, response) => response.writeHead(200, { ...json, 'x-a': 'a'.repeat(40_000) }).end(ok)],
    ['shorter than it says is cut off', 'UNREACHABLE', (_, response) => {
      response.writeHead(200, { ...json, 'content-length': 1000 })
      response.write(ok)
      setTimeout(() => response.destroy(), 20)
    }],
    ['longer than it says is refused', 'ANSWER_MALFORMED', (_, response) => {
      response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n${ok}`)
    }],
    ['that is not HTTP is malformed', 'ANSWER_MALFORMED', (_, response) => response.socket?.end('SSH-2.0-x\r\n\r\n')],
    ['that ends before it began is not reachable', 'UNREACHABLE', (_, response) => response.destroy()],
  ] // biome-ignore format: a table
  for (const [title, code, answer] of cases) {
    await t.test(title, async (t) => {
      const client = await clientOf(t, answer)
      await t.rejects(client.call(api.getLiveness, {}), { code })
    })
  }

  await t.test('without end is cut off at its cap', async (t) => {
    let sent = 0
    const client = await clientOf(t, (_, response) => {
      response.writeHead(200, json)
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536))) sent += 65_536
      }
      response.on('drain', more)
      more()
    })
    await t.rejects(client.call(api.getLiveness, {}), { code: 'ANSWER_TOO_LARGE' })
    t.ok(sent < 32 * 1024 * 1024, `after ${sent} bytes`)
  })
})

t.test('the deadline', async (t) => {
  const never: RequestListener = () => {}
  const slow: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
  }
  for (const [title, listener] of [
    ['holds for an answer that does not begin', never],
    ['holds for an answer that trickles', slow],
  ] as const) {
    await t.test(title, async (t) => {
      const client = await clientOf(t, listener, { timeoutMs: 150 })
      const start = Date.now()
      await t.rejects(client.call(api.getLiveness, {}), { code: 'TIMEOUT' })
      t.ok(Date.now() - start < 1500)
    })
  }

  await t.test('holds for all tries together', async (t) => {
    const client = await clientOf(t, failing({ code: 'rate', status: 429 }, { 'retry-after': '1' }), {
      timeoutMs: 200,
      retries: 5,
    })
    await t.rejects(client.call(api.getLiveness, {}), { code: 'TIMEOUT' })
  })

  await t.test('comes earlier when the caller stops', async (t) => {
    const client = await clientOf(t, never)
    await t.rejects(client.call(api.getLiveness, { signal: AbortSignal.timeout(30) }), { code: 'STOPPED' })
    await t.rejects(client.call(api.getLiveness, { signal: AbortSignal.abort() }), { code: 'STOPPED' })
  })
})

t.test('a retry', async (t) => {
  /** Fails `failures` times, then succeeds; counts the requests and their tokens. */
  function flaky(
    failures: number,
    fail: RequestListener,
  ): { listener: RequestListener; tokens: (string | undefined)[] } {
    const tokens: (string | undefined)[] = []
    const listener: RequestListener = (request, response) => {
      tokens.push(request.headers.authorization)
      if (tokens.length <= failures) fail(request, response)
      else answering({ status: 'ok' })(request, response)
    }
    return { listener, tokens }
  }
  const counting = () => {
    let count = 0
    return () => {
      count += 1
      return { authorization: `Bearer ${count}` }
    }
  }
  const drop: RequestListener = (_, response) => response.destroy()

  await t.test('follows a broken connection, with a new token each time', async (t) => {
    const { listener, tokens } = flaky(2, drop)
    const client = await clientOf(t, listener, { retries: 2, authorize: counting() })
    t.same(await client.call(api.getLiveness, {}), { status: 'ok' })
    t.same(tokens, ['Bearer 1', 'Bearer 2', 'Bearer 3'])
  })

  await t.test('waits as long as the other side asks', async (t) => {
    const { listener } = flaky(1, failing({ code: 'unavailable', status: 503 }, { 'retry-after': '1' }))
    const client = await clientOf(t, listener, { retries: 1 })
    const start = Date.now()
    await client.call(api.getLiveness, {})
    t.ok(Date.now() - start >= 990)
  })

  await t.test('ends with the last error when the tries are used up', async (t) => {
    const { listener, tokens } = flaky(9, drop)
    await t.rejects((await clientOf(t, listener, { retries: 2 })).call(api.getLiveness, {}), { code: 'UNREACHABLE' })
    t.equal(tokens.length, 3)
  })

  await t.test('is not made where waiting does not help', async (t) => {
    for (const code of ['not-found', 'log-unconfirmed', 'internal'] as const) {
      const { listener, tokens } = flaky(1, failing({ code, status: code === 'not-found' ? 404 : 503 }))
      await t.rejects((await clientOf(t, listener, { retries: 2 })).call(api.getLiveness, {}), { code })
      t.equal(tokens.length, 1)
    }
    const { listener } = flaky(1, failing({ code: 'rate', status: 429 }, { 'retry-after': '3600' }))
    const client = await clientOf(t, listener, { retries: 2 })
    await t.rejects(client.call(api.getLiveness, {}), { code: 'rate', retryAfterMs: 3_600_000 })
  })

  await t.test('is made of a write only if it carries an Idempotency-Key', async (t) => {
    const withoutKey = flaky(9, drop)
    const plain = await clientOf(t, withoutKey.listener, { retries: 2 })
    await t.rejects(plain.call(api.syncNow, { body: {} }), { code: 'UNREACHABLE' })
    t.equal(withoutKey.tokens.length, 1)

    const withKey = flaky(9, drop)
    const keyed = await clientOf(t, withKey.listener, { retries: 2 })
    await t.rejects(keyed.call(api.createDraft, { headers: once, body: draft }), { code: 'UNREACHABLE' })
    t.equal(withKey.tokens.length, 3)
  })
})

t.test('a host where nothing listens is not reachable', async (t) => {
  const client = createClient({ baseUrl: 'http://127.0.0.1:1', retries: 0 })
  t.teardown(() => client.close())
  await t.rejects(client.call(api.getLiveness, {}), { code: 'UNREACHABLE' })
})

t.test('a base URL with a user name, a query or another scheme is refused', async (t) => {
  for (const baseUrl of ['https://a@b.example', 'https://b.example?x=1', 'ws://b.example', 'b.example']) {
    t.throws(() => createClient({ baseUrl }), { code: 'URL_REFUSED' }, baseUrl)
  }
})
