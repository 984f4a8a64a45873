import { getPeerViewer, type SyncDeps, type Viewer } from '@concordance/exchange'
import type { RequestClaims, Role, Scope, SessionView } from '@concordance/protocol'
import type { FastifyRequest } from 'fastify'
import { unauthenticated } from './error.ts'

/** The institute whose request token came with the request, and whose node is an active peer. */
export interface PeerCaller {
  readonly kind: 'peer'
  readonly iss: string
  readonly claims: RequestClaims
}

/** A person or program, however they showed who they are. */
export interface PersonCaller {
  readonly kind: 'person'
  /** Who acts, unlike anybody else: of a person issuer and subject there, of a program its name. See `subjectOf`. */
  readonly subject: string
  /** Who says so: the institute's provider, or this node of its own programs. */
  readonly issuer: string
  /** Works for this institute; a person who does not is a researcher. */
  readonly staff: boolean
  readonly roles: readonly Role[]
  readonly scopes: readonly Scope[]
  readonly credential: SessionView['credential']
  /** Id of the person, whom the operator may shut out; undefined for a program of the institute. */
  readonly person: string | undefined
  /** When the credential ends at the latest. */
  readonly until: Date
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
export function personOf({ caller }: { readonly caller: Caller }): PersonCaller {
  if (caller.kind !== 'person') throw unauthenticated()
  return caller
}

/** What the access rule knows of a caller. */
export async function viewerOf(deps: SyncDeps, { caller }: FastifyRequest): Promise<Viewer> {
  if (caller.kind === 'person') return { kind: 'person', subject: caller.subject, staff: caller.staff }
  return caller.kind === 'peer' ? getPeerViewer(deps, caller.iss) : caller
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
