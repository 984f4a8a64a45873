import type { Deps } from '@concordance/exchange'
import type { Access, RouteContract, Scope } from '@concordance/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { authenticatePeer, useUpToken, verifyBodyDigest } from './authenticate-peer.ts'
import { type PersonCheck, requireScope } from './authenticate-person.ts'
import { personOf } from './caller.ts'
import { noQuery } from './contract.ts'
import { NodeError, unauthenticated } from './error.ts'
import { parseBody } from './json-body.ts'
import type { Rates } from './rates.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The declared policy of the route, set by the guard that enforces it. */
    access?: Access
    scope?: Scope
    alsoScopes?: readonly Scope[]
  }
}

/** A route as it is registered: an operation of the contract and its handler. */
type Declared = RouteOptions & Partial<Pick<RouteContract, 'access' | 'scope' | 'alsoScopes'>>

/** Refuses to start with a route that no guard stands in front of. Register before the first route. */
export const accessPolicies = fp(async (app: FastifyInstance) => {
  app.decorateRequest('caller')
  const routes: Declared[] = []
  app.addHook('onRoute', (route: Declared) => {
    route.schema = { querystring: noQuery, ...route.schema }
    routes.push(route)
  })
  app.addHook('onReady', async () => {
    const open = routes.find(({ config }) => config?.access === undefined)
    if (open) throw new NodeError('ROUTE_UNGUARDED', `${nameOf(open)} stands outside every access policy`)
  })
})

export interface GuardOptions {
  readonly deps: Deps
  readonly checkPerson: PersonCheck
  readonly rates: Rates
}

/** Routes registered on `app` from here on are for anybody. */
export function guardPublic(app: FastifyInstance, { rates }: GuardOptions): void {
  admitOnly(app, 'public')
  app.addHook('onRequest', async (request, reply) => {
    request.caller = { kind: 'public' }
    await rates.public(request, reply)
  })
  app.addHook('preValidation', parseBody)
}

/** … for the nodes of active peers, each request once. */
export function guardPeers(app: FastifyInstance, options: GuardOptions): void {
  admitOnly(app, 'peer')
  app.addHook('onRequest', (request, reply) => admitPeer(options, request, reply))
  app.addHook('preValidation', verifyBodyDigest)
  app.addHook('preValidation', parseBody)
  app.addHook('preHandler', (request) => useUpToken(options.deps, request))
}

/** … for people and programs whose credential has the route's scope. */
export function guardPersons(app: FastifyInstance, options: GuardOptions): void {
  admitOnly(app, 'person')
  app.addHook('onRequest', (request, reply) => admitPerson(options, request, reply))
  app.addHook('preValidation', parseBody)
}

/** … for whoever asks. A credential that does not hold is refused: it is never taken for none. */
export function guardViewers(app: FastifyInstance, options: GuardOptions): void {
  admitOnly(app, 'viewer')
  app.addHook('onRequest', (request, reply) => admitViewer(options, request, reply))
  app.addHook('preValidation', async (request) => {
    if (request.caller.kind === 'peer') await verifyBodyDigest(request)
  })
  app.addHook('preValidation', parseBody)
  app.addHook('preHandler', async (request) => {
    if (request.caller.kind === 'peer') await useUpToken(options.deps, request)
  })
}

/** A route declares its policy in the contract; where it is registered enforces one. The two have to be the same. */
function admitOnly(app: FastifyInstance, access: Access): void {
  app.addHook('onRoute', (route: Declared) => {
    if (route.access !== access) {
      throw new NodeError('ROUTE_UNGUARDED', `${nameOf(route)} declares ${route.access ?? 'no access'}, not ${access}`)
    }
    const { scope, alsoScopes = [] } = route
    route.config = { ...route.config, access, alsoScopes, ...(scope && { scope }) }
  })
}

async function admitPeer({ deps, rates }: GuardOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  request.caller = await authenticatePeer(deps, request)
  await rates.peer(request, reply)
}

async function admitPerson(options: GuardOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  request.caller = await options.checkPerson.establish(request)
  await options.rates.person(request, reply)
  const { scope, alsoScopes = [] } = request.routeOptions.config
  const person = personOf(request)
  if (scope && !alsoScopes.some((also) => person.scopes.includes(also))) requireScope(person, scope)
}

async function admitViewer(options: GuardOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { authorization = '' } = request.headers
  if (authorization.startsWith('Concordance ')) return admitPeer(options, request, reply)
  if (authorization.startsWith('Bearer ')) return admitPerson(options, request, reply)
  if (request.headers.authorization !== undefined) throw unauthenticated()
  if (options.checkPerson.hasCookie(request)) return admitPerson(options, request, reply)
  request.caller = { kind: 'public' }
  await options.rates.public(request, reply)
}

function nameOf({ method, url }: Declared): string {
  return `${String(method)} ${url}`
}
