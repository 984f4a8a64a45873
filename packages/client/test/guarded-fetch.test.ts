import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { openGuardedFetch } from '../src/index.ts'

t.test('a guarded fetch', async (t) => {
  const limits = { timeoutMs: 300, maxAnswerBytes: 1_000 }
  const start = async (t: Test, listener: RequestListener, rules: object = { insecureLoopback: true }) => {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { fetch, close } = openGuardedFetch({ ...limits, ...rules })
    t.teardown(async () => {
      await close()
      server.close()
      server.closeAllConnections()
    })
    return { fetch, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  await t.test('gives an answer as the platform’s own does', async (t) => {
    const { fetch, url } = await start(t, async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.writeHead(201, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ path: request.url, method: request.method, body, asked: request.headers['accept-encoding'] }),
      )
    })
    const answer = await fetch(`${url}/token?x=1`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })
    t.equal(answer.status, 201)
    t.match(answer.headers.get('content-type'), 'application/json')
    t.same(await answer.json(), { path: '/token?x=1', method: 'POST', body: 'a=b', asked: 'identity' })
  })

  await t.test('hands a redirect back, and does not follow it', async (t) => {
    const { fetch, url } = await start(t, (_request, response) =>
      response.writeHead(302, { location: '/elsewhere' }).end(),
    )
    t.equal((await fetch(url)).status, 302)
  })

  await t.test('goes nowhere but to https, and to loopback where that is allowed', async (t) => {
    const { fetch } = await start(t, (_request, response) => response.end())
    for (const url of [
      'http://example.org',
      'http://localhost:1',
      'ftp://127.0.0.1',
      'file:///etc/passwd',
      'x',
      'https://a:b@example.org',
    ]) {
      await t.rejects(fetch(url), { code: 'URL_REFUSED' }, url)
    }
    await t.rejects(fetch('https://169.254.169.254/latest'), { code: 'ADDRESS_REFUSED' })
    const closed = await start(t, (_request, response) => response.end(), {})
    await t.rejects(closed.fetch(closed.url), { code: 'URL_REFUSED' })
  })

  await t.test('reads no more than it may', async (t) => {
    const { fetch, url } = await start(t, (request, response) =>
      response.end('x'.repeat(Number(request.url?.slice(1)))),
    )
    t.equal((await (await fetch(`${url}/1000`)).text()).length, 1_000)
    await t.rejects(fetch(`${url}/1001`), { code: 'ANSWER_TOO_LARGE' })
  })

  await t.test('waits no longer than it may: for an answer, or for the rest of one', async (t) => {
    const silent = await start(t, () => {})
    await t.rejects(silent.fetch(silent.url), { code: 'TIMEOUT' })
    const slow = await start(t, (_request, response) => {
      response.write('x')
      const timer = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(timer))
    })
    await t.rejects(slow.fetch(slow.url), { code: 'TIMEOUT' })
  })

  await t.test('takes no compressed answer, which could be of any length', async (t) => {
    const { fetch, url } = await start(t, (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    )
    await t.rejects(fetch(url), { code: 'ENCODING_REFUSED' })
  })

  await t.test('says in one word that nothing is there', async (t) => {
    const { fetch } = openGuardedFetch({ ...limits, insecureLoopback: true })
    await t.rejects(fetch('http://127.0.0.1:1'), { code: 'UNREACHABLE' })
  })
})
