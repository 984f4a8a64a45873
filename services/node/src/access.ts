import type { Deps, Viewer } from '@concordance/exchange'
import { type Access, limits, parseJson, type RouteContract, type Scope } from '@concordance/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import fp from 'fastify-plugin'
import { authenticatePeer, hasRequestToken, type PeerCaller } from './authenticate-peer.ts'
import { hasApiToken, type PersonCaller } from './authenticate-person.ts'
import { NodeError } from './error.ts'
import { HttpProblem } from './problems.ts'

/** Who a request comes from, once that is established. */
export type Caller = { readonly kind: 'public' } | PeerCaller | PersonCaller

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /** The route's declared policy; a route without one does not start. */
    access?: Access
    scope?: Scope
  }
}

export interface AccessOptions {
  readonly deps: Deps
  readonly checkPerson: (request: FastifyRequest) => Promise<PersonCaller>
}

/**
 * Holds every route to its declared policy: who is calling is established and allowed before the body is parsed, and
 * the body before it is validated.
 */
export const accessPolicy = fp(async (app: FastifyInstance, { deps, checkPerson }: AccessOptions) => {
  app.decorateRequest('caller')
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new NodeError('ROUTE_UNGUARDED', `${String(route.method)} ${route.url} declares no access policy`)
    }
  })
  app.addHook('preValidation', async (request) => {
    const { access, scope } = request.routeOptions.config
    if (access !== undefined) request.caller = await callerOf(request, access, deps, checkPerson)
    if (request.caller?.kind === 'person' && scope !== undefined) requireScope(request.caller, scope)
    if (request.rawBody !== undefined && request.rawBody.length > 0) {
      request.body = parseJson(request.rawBody, { maxBytes: limits.bodyBytes * 2 })
    }
  })
})

/** Registers an operation of the contract: path, schema and policy come from it, and nothing else is said twice. */
export function addRoute(app: FastifyInstance, contract: RouteContract, handler: RouteHandlerMethod): void {
  const { method, url, access, scope, schema } = contract
  const { response: _, ...incoming } = schema
  const config = scope === undefined ? { access, contract } : { access, scope, contract }
  app.route({ method, url, schema: incoming, config, exposeHeadRoute: false, handler })
}

/** What the access rule knows of a caller. */
export function viewerOf({ caller }: FastifyRequest): Viewer {
  return caller.kind === 'person' ? { kind: 'person', subject: caller.subject } : caller
}

/** Peer of a route that only peers may call. */
export function peerOf({ caller }: FastifyRequest): PeerCaller {
  if (caller.kind !== 'peer') throw new HttpProblem('forbidden', 'this is for peers')
  return caller
}

/** Person of a route that only persons may call. */
export function personOf({ caller }: FastifyRequest): PersonCaller {
  if (caller.kind !== 'person') throw new HttpProblem('forbidden', 'this is for people of the institute')
  return caller
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

async function callerOf(
  request: FastifyRequest,
  access: Access,
  deps: Deps,
  checkPerson: AccessOptions['checkPerson'],
): Promise<Caller> {
  switch (access) {
    case 'public':
      return { kind: 'public' }
    case 'peer':
      return authenticatePeer(deps, request)
    case 'person':
      return checkPerson(request)
    case 'viewer':
      if (hasRequestToken(request)) return authenticatePeer(deps, request)
      if (hasApiToken(request)) return checkPerson(request)
      if (request.headers.authorization !== undefined) return checkPerson(request) // refuses, as it does any other scheme
      return { kind: 'public' }
  }
}

function requireScope({ scopes }: PersonCaller, scope: Scope): void {
  if (!scopes.includes(scope)) throw new HttpProblem('forbidden', `the token lacks the scope ${scope}`)
}
