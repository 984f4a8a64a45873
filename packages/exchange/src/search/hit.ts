import {
  canonicalize,
  findRecordType,
  getKey,
  type JsonValue,
  type Keyset,
  type Marking,
  ProtocolError,
  parseMarking,
  parseStatementUnsafe,
  type RecordView,
  verifyBody,
  verifyCompactAsync,
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

/** A hit as a peer sent it, in its form; nothing is verified but that the answer holds it. */
export interface SentHit extends ReadHit {
  /**
   * Verifies it as if it had come by sync: signature by the key in force, body; once, however often it is called. Whether it
   * stands in the peer's log is proven where our copy reaches its position; `verified.size` says how far that copy goes.
   *
   * @throws {ProtocolError} the code of the first check that fails.
   */
  verify(): Promise<RecordView>
}

/**
 * Reads a hit of a peer's answer. Signatures take most of the time and are checked of what is shown alone, beside the event
 * loop: many hits of many peers come at the same moment.
 *
 * @param isFull Whether bodies may be there at all.
 * @throws {ProtocolError} for another form, issuer or log.
 */
export function parseHitUnsafe(
  mirror: Pick<Mirror, 'iss' | 'origin' | 'size'>,
  keyset: Keyset,
  value: JsonValue,
  isFull = true,
): SentHit {
  const { position, statement: compact, body: text, status, title, ...said } = readHit(value)
  if (text !== null && !isFull) throw new ProtocolError('SCHEMA', 'a summary holds a body')
  const mark = parseMarking(said.mark)
  const { statement, recordId, jws } = parseStatementUnsafe(compact)
  if (statement.iss !== mirror.iss) throw new ProtocolError('ISSUER', 'the hit is of another issuer')
  if (statement.log !== mirror.origin) throw new ProtocolError('ORIGIN', 'the hit is of another log')
  const { iss, type, finding, version, iat, lang } = statement
  const state = text === null ? 'statement' : 'open'
  const read = { recordId, iss, position, type, finding, version, iat, mark, status, state } as const
  const verify = async (): Promise<RecordView> => {
    await verifyCompactAsync(jws, getKey(keyset, jws.header.kid, 'record', position))
    const shown = text === null ? undefined : findRecordType(type)?.describe(verifyBody(statement, text))
    const described = { title: shown?.title ?? title ?? {}, facets: shown?.facets ?? {} }
    return { ...read, origin: statement.log, lang, ...described, verified: { size: mirror.size } }
  }
  let verified: Promise<RecordView> | undefined
  return { ...read, verify: () => (verified ??= verify()) }
}

const statuses: readonly string[] = ['current', 'superseded', 'withdrawn'] satisfies RecordView['status'][]
const titlesAtMost = 64
const titleCharactersAtMost = 1_000

function readHit(value: JsonValue): Hit {
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
