/** Stable: the node, the console and the CLI branch on the code and never on a message. The first group is also answered over HTTP. */
export type ExchangeErrorCode =
  | 'not-found' // nothing here under this name, or the caller may not know of it
  | 'gone' // it was taken back
  | 'not-acceptable' // it is here, and not in this form
  | 'forbidden' // the caller is known and may not do this
  | 'conflict' // what is asked for contradicts what is stored
  | 'version-conflict' // the version does not follow the newest one of its finding
  | 'already-published' // a draft that has become a record cannot be changed
  | 'review-required' // a second person has to approve it first
  | 'own-work' // whoever wrote a part of a draft does not approve it
  | 'clearance-open' // a developer who was shown the draft has not answered yet
  | 'withdrawn' // the record or its finding has been taken back
  | 'precondition-failed' // the draft has changed since the caller read it
  | 'invalid' // the request or its content breaks a rule; see `errors`
  | 'marking-invalid' // missing, unknown or contradictory marking
  | 'statement-too-large' // the signed part would pass the limit
  | 'too-large' // the body would pass the limit
  | 'idempotency-mismatch' // the key was used before, for another request
  | 'rate' // more than the caller may ask for in this time
  | 'replay' // a request token that was used before
  | 'log-unconfirmed' // nobody has yet confirmed that our log is the newest there is
  | 'unavailable' // too busy, stopping, or not ready
  | 'store-unavailable' // the database does not answer
  | 'disk-full' // the database or the guard has no room
  // Reasons not to start, or to stop:
  | 'database-unsafe' // the server may lose what it acknowledged
  | 'schema-newer' // the database belongs to a newer release
  | 'schema-older' // the database has to be migrated first
  | 'migration-changed' // a migration that has landed was edited
  | 'identity-invalid' // keys, keyset document and entity id do not belong together
  | 'key-exposed' // a private key file may be read by others
  | 'guard-damaged' // the guard file cannot be read or written
  | 'log-corrupt' // stored bytes do not give the hashes that stand beside them

/** One part of a request that breaks a rule. */
export interface FieldError {
  /** RFC 6901 JSON pointer into the request. */
  readonly pointer: string
  readonly detail: string
}

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  readonly code: ExchangeErrorCode
  readonly errors: readonly FieldError[]
  /** When the same may succeed, where that is known. */
  readonly retryAfterSeconds: number | undefined
  constructor(
    code: ExchangeErrorCode,
    message: string,
    options: ErrorOptions & { errors?: readonly FieldError[]; retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.code = code
    this.errors = options.errors ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

export function reviewRequired(): ExchangeError {
  return new ExchangeError('review-required', 'what others may see is approved by a second person first')
}

export function clearanceOpen(): ExchangeError {
  return new ExchangeError('clearance-open', 'a developer who was shown the draft has not answered yet')
}
