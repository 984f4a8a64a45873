import { type ExitCode, exitCodes } from './exit-codes.ts'

export interface FailureParts {
  /** What did not happen: `could not publish the draft`. */
  readonly what: string
  readonly why: string
  /** What to do about it, with the exact command where there is one. */
  readonly remedy: string
  /** Stable; the code of the error underneath where there is one. */
  readonly code: string
  readonly exit?: ExitCode
}

/** A failure as people and scripts see it: three lines, or one JSON object. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly what: string
  readonly why: string
  readonly remedy: string
  readonly code: string
  readonly exit: ExitCode

  constructor({ what, why, remedy, code, exit = exitCodes.failed }: FailureParts, options?: ErrorOptions) {
    super(`${what}: ${why}`, options)
    this.what = what
    this.why = why
    this.remedy = remedy
    this.code = code
    this.exit = exit
  }
}

/** The command line itself is wrong. */
export function usageFailure(why: string, remedy = 'see `concordance --help`', code = 'USAGE'): Failure {
  return new Failure({ what: 'the command is not understood', why, remedy, code, exit: exitCodes.usage })
}
