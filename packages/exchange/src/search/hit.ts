import {
  canonicalize,
  findRecordType,
  getKey,
  type JsonValue,
  type Keyset,
  ProtocolError,
  parseStatementUnsafe,
  type RecordView,
  verifyBody,
  verifyCompact,
} from '@concordance/protocol'
import type { Mirror } from '../sync/mirror.ts'

/** One hit as it travels in a search answer: the record itself, so that nobody has to believe a summary of it. */
export type Hit = { readonly position: number; readonly statement: string; readonly body: string | null }

/** The line that the answer's digest runs over. */
export function formatHit({ position, statement, body }: Hit): string {
  return canonicalize({ position, statement, body })
}

/**
 * Verifies a hit of a peer's answer: signature by the key in force, issuer, log, body. Whether it stands in the peer's
 * log is proven where our copy reaches its position; `verified.size` says how far that copy goes.
 *
 * @throws {ProtocolError} the code of the first check that fails.
 */
export function verifyHit(mirror: Mirror, keyset: Keyset, value: JsonValue): RecordView {
  const { position, statement: compact, body: text } = readHit(value)
  const { statement, recordId, jws } = parseStatementUnsafe(compact)
  if (statement.iss !== mirror.iss) throw new ProtocolError('ISSUER', 'the hit is of another issuer')
  if (statement.log !== mirror.origin) throw new ProtocolError('ORIGIN', 'the hit is of another log')
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'record', position))
  const body = text === null ? undefined : verifyBody(statement, text)
  const shown = body && findRecordType(statement.type)?.describe(body)
  return {
    recordId,
    iss: statement.iss,
    origin: statement.log,
    position,
    type: statement.type,
    finding: statement.finding,
    version: statement.version,
    iat: statement.iat,
    lang: statement.lang,
    mark: statement.mark,
    title: shown?.title ?? {},
    status: 'current',
    state: body ? 'open' : 'statement',
    facets: shown?.facets ?? {},
    verified: { size: mirror.size },
  }
}

function readHit(value: JsonValue): Hit {
  const { position, statement, body } = value as Partial<Hit>
  const whole =
    Number.isSafeInteger(position) && typeof statement === 'string' && (body === null || typeof body === 'string')
  if (!whole) throw new ProtocolError('SCHEMA', 'a hit is not position, statement and body')
  return { position, statement, body } as Hit
}
