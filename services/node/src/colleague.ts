import type { Call, Colleague, PublishingCall } from '@concordance/exchange'
import { type Caller, personOf } from './caller.ts'
import { NodeError } from './error.ts'

interface Request {
  readonly caller: Caller
}

interface KeyedRequest extends Request {
  readonly headers: { readonly 'idempotency-key': string }
}

/** Unsigned work is for this institute's own people, whatever a credential allows. @throws {NodeError} `forbidden`. */
export function colleagueOf(request: Request): Colleague {
  const { subject, staff, scopes } = personOf(request)
  if (!staff) throw new NodeError('forbidden', 'drafts are for the staff of this institute')
  return { actor: subject, mayReview: scopes.includes('review') }
}

/** Who asks for an act, and its key. @throws {NodeError} `forbidden`. */
export function callOf(request: KeyedRequest): Call {
  return { ...colleagueOf(request), idempotencyKey: request.headers['idempotency-key'] }
}

/** … and whether what needs no second person may be published at once. @throws {NodeError} `forbidden`. */
export function publishingCallOf(request: KeyedRequest): PublishingCall {
  return { ...callOf(request), mayPublish: personOf(request).scopes.includes('publish') }
}

/** A draft as the caller read it. @throws {NodeError} `precondition-required`. */
export function draftOf(id: string, ifMatch: string | undefined): { id: string; etag: number } {
  if (ifMatch === undefined) throw new NodeError('precondition-required', 'If-Match is missing')
  return { id, etag: Number(ifMatch.slice(1, -1)) }
}
