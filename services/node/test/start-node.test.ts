import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { createLogger, startNode } from '../src/index.ts'
import { describeError } from '../src/logger.ts'
import { startTestNode } from './support/node.ts'
import { observation } from './support/observation.ts'
import { send } from './support/send.ts'

t.test('a node', async (t) => {
  await t.test('serves metrics and probes to its operator on a port of their own', async (t) => {
    const node = await startTestNode(t, { file: { operations: { port: 0 } } })
    await send(node.url, { path: '/v1/log/checkpoint' })
    await send(node.url, { path: '/v1/records/canary-in-a-path' })
    t.equal((await send(node.url, { path: '/metrics' })).status, 404, 'not where everybody is')
    const metrics = await send(node.operationsUrl, { path: '/metrics' })
    t.equal(metrics.status, 200)
    t.match(metrics.text, /concordance_http_requests_total\{route="\/v1\/log\/checkpoint",status="200"\} 1/)
    t.match(metrics.text, /concordance_log_entries 1\n/)
    t.match(metrics.text, /concordance_database_up 1\n/)
    t.notMatch(metrics.text, /canary/)
    t.equal((await send(node.operationsUrl, { path: '/readyz' })).json<{ status: string }>().status, 'ready')
    t.equal((await send(node.operationsUrl, { path: '/v1/records' })).status, 404, 'and nothing else is there')
    await node.deps.pool.query('alter table log rename to gone')
    t.match((await send(node.operationsUrl, { path: '/metrics' })).text, /concordance_database_up 0\n/)
    t.equal((await send(node.operationsUrl, { path: '/livez' })).status, 200)
    t.not((await send(node.operationsUrl, { path: '/readyz' })).status, 200)
    await node.deps.pool.query('alter table gone rename to log')
    t.equal((await send(node.operationsUrl, { path: '/readyz' })).status, 200)
  })

  await t.test('that only works in the background serves no API', async (t) => {
    const node = await startTestNode(t, { overrides: { role: 'worker' }, file: { operations: { port: 0 } } })
    t.equal(node.url, '')
    t.equal((await send(node.operationsUrl, { path: '/livez' })).status, 200)
  })

  await t.test('starts again on the same data, and says where its log stands', async (t) => {
    const first = await startTestNode(t)
    await first.stop()
    const second = await startNode(first.config, pino({ level: 'silent' }))
    t.teardown(() => second.stop())
    t.match((await send(second.url, { path: '/readyz' })).json(), { status: 'ready', log: 'confirmed' })
    await second.deps.db.updateTable('log').set({ state: 'unconfirmed' }).where('is_own', '=', true).execute()
    t.match((await send(second.url, { path: '/readyz' })).json(), { status: 'ready', log: 'unconfirmed' })
    t.equal((await send(second.url, { path: '/v1/records' })).status, 200, 'reading goes on')
  })

  await t.test(
    'leaves no connection to its database behind when it stops, though nobody ever asked it for anything',
    async (t) => {
      const node = await startTestNode(t)
      await node.stop()
      const database = new URL(node.config.databaseUrl).pathname.slice(1)
      const other = await startTestNode(t)
      const { rows } = await other.deps.pool.query('select query from pg_stat_activity where datname = $1', [database])
      t.strictSame(rows, [])
    },
  )

  await t.test('cuts off whoever sends a request too slowly', async (t) => {
    const node = await startTestNode(t)
    const socket = connect(Number(new URL(node.url).port), '127.0.0.1')
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n')
    const started = performance.now()
    socket.resume()
    await once(socket, 'close')
    t.ok(
      performance.now() - started < 20_000,
      '10 s for the head, 5 s until the server looks, and some for the machine',
    )
  })
})

t.test('the log of a node', async (t) => {
  await t.test('holds ids, codes and who asked, and nothing of what was said', async (t) => {
    const lines = new PassThrough().setEncoding('utf8')
    let written = ''
    lines.on('data', (text: string) => {
      written += text
    })
    const logger = pino({ level: 'debug', base: null, serializers: { err: describeError } }, lines)
    const node = await startTestNode(t, { logger })
    const token = await node.token('read', 'publish')
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': `canary-${randomUUID()}` }
    await send(node.url, { method: 'POST', path: '/v1/records', headers, body: observation('canary-content') })
    await send(node.url, { method: 'POST', path: '/v1/records', headers, body: '{"canary-broken' })
    await send(node.url, { path: '/v1/search?q=canary-query', headers })
    await send(node.url, { path: '/canary-path' })
    const path = '/v1/log/entries?from=0'
    const signed = await node.peer.headers(path)
    await send(node.url, { path, headers: signed })
    await node.deps.pool.query('alter view search_open rename to gone')
    await send(node.url, { path: '/v1/search?q=canary-failing', headers })
    await node.stop()
    t.match(written, '"route":"/v1/records"')
    t.match(written, '"subject":"staff"')
    t.match(written, `"peer":"${node.peer.iss}"`)
    t.match(written, '"status":500')
    t.notMatch(written, /canary/)
    t.notMatch(written, token)
    t.notMatch(written, signed.authorization.slice(12, 60))
  })

  await t.test('keeps the message of our own errors, and of foreign ones only where they arose', async (t) => {
    const foreign = describeError(Object.assign(new Error('quotes canary'), { code: '22P02', detail: 'canary row' }))
    t.match(foreign, { type: 'Error', code: '22P02', stack: [/^at /] })
    t.notMatch(JSON.stringify(foreign), /canary/)
    const { ExchangeError } = await import('@concordance/exchange')
    const ours = new ExchangeError('not-found', 'there is no such draft', { cause: new Error('canary') })
    t.match(describeError(ours), { type: 'ExchangeError', code: 'not-found', message: 'there is no such draft' })
    t.notMatch(JSON.stringify(describeError(ours)), /canary/)
    t.equal(createLogger('silent').level, 'silent')
  })
})
