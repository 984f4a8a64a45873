/** What the command ends with. Stable and documented in `docs/cli.md`: scripts branch on it. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  verificationFailed: 3,
  signInNeeded: 4,
  notFound: 5,
  conflict: 6,
  refused: 7,
  partlyDone: 8,
  stopped: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** For `--help`. */
export const exitCodesText =
  'Exit codes: 0 done · 1 failed · 2 usage · 3 verification failed · 4 sign-in needed · 5 not found\n' +
  '            6 conflict · 7 refused by marking or policy · 8 partly done · 130 stopped'
