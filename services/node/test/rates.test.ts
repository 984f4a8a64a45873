import t from 'tap'
import { startTestNode } from './support/node.ts'
import { send } from './support/send.ts'

t.test('limits of requests a minute', async (t) => {
  await t.test('count the public by address, and say when to come back', async (t) => {
    const node = await startTestNode(t, { file: { rates: { public: 3 } } })
    const statuses = []
    for (let call = 0; call < 4; call++) statuses.push((await send(node.url, { path: '/v1/log/checkpoint' })).status)
    t.same(statuses, [200, 200, 200, 429])
    const refused = await send(node.url, { path: '/v1/log/checkpoint' })
    t.equal(refused.json().code, 'rate')
    t.match(refused.headers['retry-after'], /^[1-9]\d?$/)
    const authorization = `Bearer ${await node.token('read')}`
    t.equal((await send(node.url, { path: '/v1/records', headers: { authorization } })).status, 200, 'others go on')
  })

  await t.test('count a peer by its verified name, so that nobody can use up another’s', async (t) => {
    const node = await startTestNode(t, { file: { rates: { peer: 2 } } })
    const path = '/v1/log/entries?from=0'
    const honest = async () => send(node.url, { path, headers: await node.peer.headers(path) })
    for (let call = 0; call < 5; call++) {
      const { authorization } = await node.peer.headers(path)
      const forged = `${authorization.slice(0, -4)}AAAA`
      t.equal((await send(node.url, { path, headers: { authorization: forged } })).status, 401)
    }
    t.same([(await honest()).status, (await honest()).status, (await honest()).status], [200, 200, 429])
  })

  await t.test('count a person, whatever the token', async (t) => {
    const node = await startTestNode(t, { file: { rates: { person: 2 } } })
    const statuses = []
    for (let call = 0; call < 3; call++) {
      const authorization = `Bearer ${await node.token('read')}`
      statuses.push((await send(node.url, { path: '/v1/peers', headers: { authorization } })).status)
    }
    t.same(statuses, [200, 200, 429])
  })

  await t.test('count every request of an address before anybody is known', async (t) => {
    const node = await startTestNode(t, { file: { rates: { address: 3 } } })
    const statuses = []
    for (let call = 0; call < 4; call++) {
      statuses.push((await send(node.url, { path: '/v1/peers', headers: { authorization: `Bearer ${call}` } })).status)
    }
    t.same(statuses, [401, 401, 401, 429])
  })

  await t.test('believe an address that a proxy names only where the proxy is ours', async (t) => {
    const ask = async (url: string, from: string) =>
      (await send(url, { path: '/v1/log/checkpoint', headers: { 'x-forwarded-for': from } })).status
    const direct = await startTestNode(t, { file: { rates: { public: 1 } } })
    t.same([await ask(direct.url, '192.0.2.1'), await ask(direct.url, '192.0.2.2')], [200, 429])
    const behind = await startTestNode(t, { file: { rates: { public: 1 }, trustedProxies: ['127.0.0.1'] } })
    t.same([await ask(behind.url, '192.0.2.1'), await ask(behind.url, '192.0.2.2')], [200, 200])
    t.equal(await ask(behind.url, '192.0.2.1'), 429)
  })

  await t.test('keep federated searches few, since each costs every peer', async (t) => {
    const node = await startTestNode(t, { file: { rates: { federated: 1 } } })
    const headers = { authorization: `Bearer ${await node.token('read')}` }
    const search = async (federated: boolean) =>
      (await send(node.url, { path: `/v1/search?q=a&federated=${federated}&budgetMs=50`, headers })).status
    t.same([await search(true), await search(true), await search(false)], [200, 429, 200])
  })
})
