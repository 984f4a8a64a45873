import { api, type RouteContract } from '@concordance/protocol'
import { fastify, type RouteOptions } from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import { buildApp } from '../src/build-app.ts'
import { accessPolicies, guardPeers, guardPublic } from '../src/guards.ts'
import { startTestNode } from './support/node.ts'
import { send } from './support/send.ts'

t.test('a route without an access policy', async (t) => {
  const handler = async () => 'open'

  await t.test('does not start at the top', async (t) => {
    const app = fastify()
    await app.register(accessPolicies)
    app.get('/open', handler)
    await t.rejects(async () => app.ready(), { code: 'ROUTE_UNGUARDED' })
  })

  await t.test('does not start behind a guard', async (t) => {
    const app = fastify()
    await app.register(accessPolicies)
    await t.rejects(
      async () => {
        await app.register(async (scope) => {
          guardPublic(scope, {} as never)
          scope.get('/open', handler)
        })
      },
      { code: 'ROUTE_UNGUARDED' },
    )
  })

  await t.test('does not start behind the guard of another policy', async (t) => {
    const app = fastify()
    await app.register(accessPolicies)
    await t.rejects(
      async () => {
        await app.register(async (scope) => {
          guardPublic(scope, {} as never)
          scope.route({ ...api.listEntries, handler } as RouteOptions)
        })
      },
      { code: 'ROUTE_UNGUARDED' },
    )
  })

  await t.test('starts behind its own', async (t) => {
    const app = fastify()
    await app.register(accessPolicies)
    await app.register(async (scope) => {
      guardPeers(scope, {} as never)
      scope.route({ ...api.listEntries, handler } as RouteOptions)
    })
    await app.ready()
    t.ok(app.hasRoute({ method: 'GET', url: api.listEntries.url }))
    await app.close()
  })
})

t.test('the operations of the contract', async (t) => {
  const node = await startTestNode(t)
  const { deps, config } = node
  const app = await buildApp({ deps, config, tokenSecret: 'x'.repeat(64), logger: pino({ level: 'silent' }) })
  t.teardown(() => app.close())
  const routes = Object.values(api) as RouteContract[]

  await t.test('are all served', async (t) => {
    for (const { method, url } of routes) t.ok(app.hasRoute({ method, url }), `${method} ${url}`)
  })

  await t.test('answer nobody without a credential, unless they are for the public', async (t) => {
    for (const { method, url, access } of routes) {
      const path = url.replaceAll(/:\w+/g, 'x')
      const { status } = await send(node.url, { method, path })
      if (access === 'peer' || access === 'person') t.equal(status, 401, `${method} ${url}`)
      else t.not(status, 401, `${method} ${url}`)
    }
  })

  await t.test('answer no token without the scope they name', async (t) => {
    const scopes = ['read', 'draft', 'review', 'publish', 'operate'] as const
    for (const { method, url, access, scope, alsoScopes = [] } of routes.filter((route) => route.scope)) {
      const others = scopes.filter((other) => other !== scope && !alsoScopes.includes(other))
      const authorization = `Bearer ${await node.token(...others)}`
      const { status } = await send(node.url, {
        method,
        path: url.replaceAll(/:\w+/g, 'x'),
        headers: { authorization },
      })
      t.equal(status, 403, `${method} ${url} (${access})`)
    }
  })
})
