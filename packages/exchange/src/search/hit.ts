import {
  canonicalize,
  findRecordType,
  getKey,
  type JsonValue,
  type Keyset,
  type Marking,
  ProtocolError,
  parseCanonical,
  parseMarking,
  parseStatementUnsafe,
  type RecordView,
  readJsonUnsafe,
  readStatementUnsafe,
  verifyBody,
  verifyCompact,
} from '@concordance/protocol'
import type { Mirror } from '../sync/mirror.ts'

/**
 * One hit as it travels in a search answer. In a full answer it is the record itself, so that nobody has to believe a summary
 * of it; what stands beside the statement is the answering institute's word, signed with the answer.
 */
export interface Hit {
  readonly position: number
  readonly statement: string
  /** Null in a summary, and where the body was taken back. */
  readonly body: string | null
  /** The effective one. */
  readonly mark: Marking
  readonly status: RecordView['status']
  /** Where there is no body. */
  readonly title?: RecordView['title']
}

/** The line that the answer's digest runs over. */
export function formatHit({ position, statement, body, mark, status, title = {} }: Hit): string {
  return canonicalize({ position, statement, body, mark, status, ...(body === null && { title }) } as JsonValue)
}

/** What can be read off a hit before it is verified: enough to decide whether it would be shown, and where. */
export type ReadHit = Pick<
  RecordView,
  'recordId' | 'iss' | 'position' | 'finding' | 'version' | 'type' | 'iat' | 'mark' | 'status' | 'state'
>

/** A hit as a peer sent it, read in whatever spelling; nothing is verified but that the answer holds it. */
export interface SentHit extends ReadHit {
  /**
   * Verifies it as if it had come by sync: its one spelling, signature by the key in force, body. Whether it stands in the
   * peer's log is proven where our copy reaches its position; `verified.size` says how far that copy goes.
   *
   * @throws {ProtocolError} the code of the first check that fails.
   */
  verify(): RecordView
}

/**
 * Reads a hit of a peer's answer. What takes most of the time, spelling and signature, is checked of what is shown alone:
 * many hits of many peers come at the same moment, and few of them are shown.
 *
 * @param isFull Whether bodies may be there at all.
 * @throws {ProtocolError} for another form, issuer or log.
 */
export function parseHitUnsafe(
  mirror: Pick<Mirror, 'iss' | 'origin' | 'size'>,
  keyset: Keyset,
  line: string,
  isFull = true,
): SentHit {
  const {
    position,
    statement: compact,
    body,
    status,
    ...said
  } = checkHit(readJsonUnsafe(line, { maxBytes: lineBytes }))
  if (body !== null && !isFull) throw new ProtocolError('SCHEMA', 'a summary holds a body')
  const mark = parseMarking(said.mark)
  const { statement, recordId } = readStatementUnsafe(compact)
  if (statement.iss !== mirror.iss) throw new ProtocolError('ISSUER', 'the hit is of another issuer')
  if (statement.log !== mirror.origin) throw new ProtocolError('ORIGIN', 'the hit is of another log')
  const { iss, type, finding, version, iat } = statement
  const state = body === null ? 'statement' : 'open'
  const read = { recordId, iss, position, type, finding, version, iat, mark, status, state } as const
  let verified: RecordView | undefined
  return { ...read, verify: () => (verified ??= verifyHit(mirror, keyset, line, read)) }
}

/** What passes reads as it was read before: of one text there is one value, in whatever spelling it was taken. */
function verifyHit({ size }: Pick<Mirror, 'size'>, keyset: Keyset, line: string, read: ReadHit): RecordView {
  const { statement: compact, body, title } = checkHit(parseCanonical(line, { maxBytes: lineBytes }))
  const { statement, jws } = parseStatementUnsafe(compact)
  // Here and now: to wake another thread for a single signature takes longer than the signature.
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'record', read.position))
  const shown = body === null ? undefined : findRecordType(statement.type)?.describe(verifyBody(statement, body))
  const described = { title: shown?.title ?? title ?? {}, facets: shown?.facets ?? {} }
  return { ...read, origin: statement.log, lang: statement.lang, ...described, verified: { size } }
}

/** A body in which every quote is escaped once more, with what stands around it. */
const lineBytes = 1024 * 1024

const statuses: readonly string[] = ['current', 'superseded', 'withdrawn'] satisfies RecordView['status'][]
const titlesAtMost = 64
const titleCharactersAtMost = 1_000

function checkHit(value: JsonValue): Hit {
  const { position, statement, body, mark, status, title } = (value ?? {}) as Partial<Hit>
  const whole =
    Number.isSafeInteger(position) &&
    (position as number) >= 0 &&
    typeof statement === 'string' &&
    (body === null || typeof body === 'string') &&
    typeof status === 'string' &&
    statuses.includes(status) &&
    (title === undefined || isTitle(title))
  if (!whole) throw new ProtocolError('SCHEMA', 'a hit lacks what it must hold')
  return { position, statement, body, mark, status, ...(title && { title }) } as Hit
}

function isTitle(title: unknown): boolean {
  if (typeof title !== 'object' || title === null || Array.isArray(title)) return false
  const texts = Object.values(title)
  return (
    texts.length <= titlesAtMost &&
    texts.every((text) => typeof text === 'string' && text.length <= titleCharactersAtMost)
  )
}
