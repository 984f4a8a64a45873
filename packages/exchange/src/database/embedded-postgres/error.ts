/** Stable: callers branch on the code and never on a message. */
export type EmbeddedPostgresErrorCode =
  | 'platform-unsupported' // no binaries are packed for this system and processor
  | 'unreachable' // as root: no way to run the binaries as another user in this folder
  | 'in-use' // a living process runs a server on this folder
  | 'init-failed' // the cluster could not be made
  | 'password-missing' // there is a cluster but not the password that was made with it
  | 'start-failed' // the server ended, or was not ready in time
  | 'stop-timed-out' // the server did not shut down in order

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
