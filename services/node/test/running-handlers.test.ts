import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import t from 'tap'
import { runningHandlers } from '../src/running-handlers.ts'

t.test('a server that closes waits for what it does for somebody who has gone', async (t) => {
  const app = fastify()
  await app.register(runningHandlers)
  const begun = Promise.withResolvers<void>()
  const work = Promise.withResolvers<void>()
  let hasEnded = false
  app.get('/', async () => {
    begun.resolve()
    await work.promise
    hasEnded = true
    return {}
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const asking = request({ host: '127.0.0.1', port: (app.server.address() as AddressInfo).port, agent: false }).end()
  asking.on('error', () => undefined) // our own abort
  t.teardown(() => app.close())
  await begun.promise
  asking.destroy()
  const closed = app.close()
  const first = await Promise.race([closed.then(() => 'closed'), sleep(200, 'waits')])
  t.equal(first, 'waits')
  work.resolve()
  await closed
  t.ok(hasEnded)
})

t.test('… and not for handlers that ended, well or badly', async (t) => {
  const app = fastify()
  await app.register(runningHandlers)
  app.get('/well', async () => ({}))
  app.get('/badly', async () => {
    throw new Error('badly')
  })
  t.equal((await app.inject('/well')).statusCode, 200)
  t.equal((await app.inject('/badly')).statusCode, 500)
  await t.resolves(app.close())
})
