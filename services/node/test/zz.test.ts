import t from 'tap'
import { startTestNode } from './support/node.ts'
t.test('smoke', async (t) => {
  const t0 = performance.now()
  const node = await startTestNode(t)
  console.error('start', performance.now() - t0, process.memoryUsage().rss / 1048576)
  const token = await node.token('read', 'draft', 'publish', 'operate')
  for (const path of ['/livez', '/readyz', '/.well-known/concordance', '/v1/log/checkpoint', '/v1/records', '/v1/nope', '/v1/peers', '/metrics', '/v1/records?a=1', '/v1/records?limit=1&limit=2', '/v1/records?limit=1.5', '/%zz', '/v1/notify', '/v1/openapi.json']) {
    const r = await fetch(node.url + path, { headers: { authorization: `Bearer ${token}` } })
    console.error(path, r.status, r.headers.get('content-type'), (await r.text()).slice(0, 250))
  }
})
