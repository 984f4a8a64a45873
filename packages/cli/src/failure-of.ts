import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/**
 * Gives any error its three lines and its exit code, by the error's `name` and `code` alone: the classes themselves
 * would have to be loaded for that, with all that is behind them.
 *
 * @param what What was being done, as `list the records`.
 */
export function failureOf(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error
  const { name, code, message, remedy } = readError(error)
  const known = (sharingCodes.has(name) ? failuresByCode[code] : undefined) ?? failures[name]
  const [exit, standing] = known ?? [
    exitCodes.failed,
    'run the same command again; if it stays, report it with this text',
  ]
  // Where a credential is missing or lacks something, only this side knows how its user comes by another.
  const advice = code === 'unauthenticated' ? standing : (adviceFor(code, message) ?? remedy ?? standing)
  return new Failure({ what: `could not ${what}`, why: message, remedy: advice, code, exit }, { cause: error })
}

/** Where the command says more than the node can, which knows requests alone. */
function adviceFor(code: string, message: string): string | undefined {
  if (code === 'marking-invalid' && message.includes('needs a group'))
    return 'name it: --tlp AMBER --group "ENTITY-ID FINDING"; `concordance group list` shows both'
  const [, scope] = /lacks the scope ([a-z]+)/.exec(message) ?? []
  if (code !== 'forbidden' || scope === undefined) return undefined
  return `\`concordance whoami\` shows what your token may do; where the node runs, \`concordance token new NAME --scope ${scope}\` issues another`
}

interface ReadError {
  readonly name: string
  readonly code: string
  readonly message: string
  /** What the other side says to do. */
  readonly remedy: string | undefined
}

function readError(error: unknown): ReadError {
  if (!(error instanceof Error)) return { name: 'Error', code: 'UNKNOWN', message: String(error), remedy: undefined }
  // The embedded database explains itself in three lines of the same form.
  const [, why, itsRemedy] = /\n {2}why: ([\s\S]*)\n {2}do: {2}(.*)$/.exec(error.message) ?? []
  const { code, remedy = itsRemedy, errors } = error as Error & Partial<Record<'code' | 'remedy' | 'errors', unknown>>
  const fields = Array.isArray(errors) ? errors.map(({ pointer, detail }) => `${pointer} ${detail}`) : []
  return {
    name: error.name,
    code: typeof code === 'string' ? code : 'UNKNOWN',
    message: [why ?? error.message, ...fields].join('; '),
    remedy: typeof remedy === 'string' ? remedy : undefined,
  }
}

type Known = readonly [exit: ExitCode, remedy: string]

const signIn: Known = [
  exitCodes.signInNeeded,
  'issue a token where the node runs, `concordance token new me --scope read,draft,publish --save`; elsewhere set CONCORDANCE_TOKEN to it, or pass --token-file',
]
const conflict: Known = [exitCodes.conflict, 'read it again, then repeat the change']
const unverified: Known = [
  exitCodes.verificationFailed,
  'do not rely on it; ask for it again, and keep what you were given',
]

/** What a node answers with over HTTP, its use cases throw on this machine. */
const sharingCodes: ReadonlySet<string> = new Set(['ClientError', 'ExchangeError'])

/** Problems carry a remedy of their own; the ones here stand in where there is none. */
const failuresByCode: Readonly<Record<string, Known>> = {
  unauthenticated: signIn,
  replay: signIn,
  clock: signIn,
  audience: signIn,
  target: signIn,
  forbidden: [exitCodes.refused, 'ask the operator for a token with the scope that is named here'],
  'not-found': [exitCodes.notFound, 'check the id; what is closed to you answers the same'],
  gone: [exitCodes.notFound, 'nothing can be done; it has been taken away'],
  conflict,
  'version-conflict': conflict,
  'already-published': conflict,
  withdrawn: conflict,
  'review-required': [exitCodes.refused, 'submit the draft with `concordance draft submit ID`'],
  'own-work': [exitCodes.refused, 'ask somebody who wrote no part of the draft'],
  'clearance-open': [exitCodes.refused, 'enter the outcome of the clearance, or override it with a reason'],
  'precondition-failed': conflict,
  'precondition-required': conflict,
  'idempotency-mismatch': conflict,
  'marking-invalid': [exitCodes.refused, 'change the marking'],
  STOPPED: [exitCodes.stopped, 'run the same command again'],
  UNREACHABLE: [exitCodes.failed, 'start the node with `concordance serve`, or name another one with --url'],
  TIMEOUT: [exitCodes.failed, 'try again; `concordance doctor` says what is wrong with the node'],
  URL_REFUSED: [exitCodes.usage, 'give the address as https://node.institute.example'],
  ANSWER_MALFORMED: [exitCodes.failed, 'check that --url names a Concordance node of this version'],
  MEDIA_TYPE: [exitCodes.failed, 'check that --url names a Concordance node of this version'],
  PROBLEM_UNKNOWN: [exitCodes.failed, 'check that --url names a Concordance node, and what stands in front of it'],
}

const failures: Readonly<Record<string, Known>> = {
  NodeError: [exitCodes.failed, 'correct node.json or the environment; `concordance doctor` checks them'],
  ExchangeError: [exitCodes.failed, '`concordance doctor` says what is wrong, and what to do'],
  ProtocolError: unverified,
  LogError: unverified,
  ImportError: [exitCodes.usage, 'correct the answers; `concordance import --dry-run` lists the questions'],
  AbortError: [exitCodes.stopped, 'run the same command again'],
}
