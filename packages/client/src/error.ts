import type { ProblemCode } from '@concordance/protocol'

/**
 * Stable. A lower-case code is the problem the other side answered with; an upper-case code is this client's own verdict.
 * Callers branch on the code and never on a message.
 */
export type ClientErrorCode = ProblemCode | ClientVerdict

export type ClientVerdict =
  | 'URL_REFUSED' // the base URL is not one this client may speak to
  | 'ADDRESS_REFUSED' // the host is, or resolves to, an address outside the allowed networks; nothing was sent
  | 'UNREACHABLE' // no connection, or it broke before the answer was complete
  | 'TIMEOUT' // the deadline of the call passed
  | 'STOPPED' // the caller's own signal
  | 'REDIRECT_REFUSED' // the answer points elsewhere; it is never followed
  | 'ENCODING_REFUSED' // the answer came compressed although identity was asked for
  | 'MEDIA_TYPE' // the answer has another media type than the contract gives
  | 'ANSWER_TOO_LARGE' // the answer exceeds its cap in bytes, entries or headers
  | 'ANSWER_MALFORMED' // the answer does not have the shape the contract gives
  | 'PROBLEM_UNKNOWN' // a failure without a problem code known here; see `status`

export interface ClientErrorDetails extends ErrorOptions {
  readonly status?: number
  /** What to do about it, as the other side says. */
  readonly remedy?: string
  /** Where in the request the trouble is (RFC 6901 pointers). */
  readonly errors?: readonly FieldError[]
  /** How long the other side asks to wait before another try. */
  readonly retryAfterMs?: number
  /** Clock of the other side, seconds since the epoch; with `clock`. */
  readonly serverTime?: number
}

export interface FieldError {
  readonly pointer: string
  readonly detail: string
}

export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  readonly status: number | undefined
  readonly remedy: string | undefined
  readonly errors: readonly FieldError[]
  readonly retryAfterMs: number | undefined
  readonly serverTime: number | undefined

  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.status = details.status
    this.remedy = details.remedy
    this.errors = details.errors ?? []
    this.retryAfterMs = details.retryAfterMs
    this.serverTime = details.serverTime
  }
}
