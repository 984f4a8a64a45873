import type { Viewer } from '@concordance/exchange'
import type { RequestClaims, Scope } from '@concordance/protocol'
import type { FastifyRequest } from 'fastify'
import { unauthenticated } from './error.ts'

/** The institute whose request token came with the request, and whose node is an active peer. */
export interface PeerCaller {
  readonly kind: 'peer'
  readonly iss: string
  readonly claims: RequestClaims
}

/** A person or program of this institute, by an API token. */
export interface PersonCaller {
  readonly kind: 'person'
  readonly subject: string
  readonly scopes: readonly Scope[]
}

/** Who a request comes from, once that is established. */
export type Caller = { readonly kind: 'public' } | PeerCaller | PersonCaller

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
}

/** Of a route that only peers reach. */
export function peerOf({ caller }: FastifyRequest): PeerCaller {
  if (caller.kind !== 'peer') throw unauthenticated()
  return caller
}

/** Of a route that only persons reach. */
export function personOf({ caller }: FastifyRequest): PersonCaller {
  if (caller.kind !== 'person') throw unauthenticated()
  return caller
}

/** What the access rule knows of a caller. */
export function viewerOf({ caller }: FastifyRequest): Viewer {
  if (caller.kind === 'person') return { kind: 'person', subject: caller.subject }
  return caller.kind === 'peer' ? { kind: 'peer', iss: caller.iss } : caller
}

/**
 * The credential after `scheme`; undefined where the request has another one, or none. Two Authorization headers are
 * none: which of them counts would be a matter of taste.
 */
export function findCredential({ raw }: FastifyRequest, scheme: 'Bearer' | 'Concordance'): string | undefined {
  const { authorization } = raw.headersDistinct
  const [only, ...others] = authorization ?? []
  return others.length === 0 && only?.startsWith(`${scheme} `) ? only.slice(scheme.length + 1) : undefined
}
