/** Stable: callers branch on the code and never on a message. */
export type EmbeddedPostgresErrorCode =
  | 'PLATFORM_UNSUPPORTED' // no binaries are packed for this system and processor
  | 'UNREACHABLE' // as root: no way to run the binaries as another user in this folder
  | 'IN_USE' // a living process runs a server on this folder
  | 'INIT_FAILED' // the cluster could not be made
  | 'PASSWORD_MISSING' // there is a cluster but not the password that was made with it
  | 'START_FAILED' // the server ended, or was not ready in time
  | 'STOP_TIMED_OUT' // the server did not shut down in order

/** What happened, why, and what to do about it: three lines for an operator. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedPostgresErrorCode
  constructor(code: EmbeddedPostgresErrorCode, what: string, { why, remedy, cause }: Explanation) {
    super(`${what}\n  why: ${why}\n  do:  ${remedy}`, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

interface Explanation {
  why: string
  remedy: string
  cause?: unknown
}
