import { hash } from 'node:crypto'
import { Type } from 'typebox'
import { ProtocolError } from './error.ts'
import { parseCompactUnsafe, signCompact, verifyCompact } from './jws.ts'
import type { Signer } from './keys.ts'
import { getKey, type Keyset } from './keyset.ts'
import { Base64url32, Count, checkOf, EntityIdText } from './schema.ts'

/** A node's signed answer to a federated search. It says what is open to the asker, never what is not. */
export type SearchAnswer = {
  v: 1
  iss: string
  /** Entity id of the asking institute. */
  aud: string
  /** As the asker chose it. */
  queryId: string
  status: 'ok' | 'partial' | 'refused' | 'unsupported'
  granularity: 'boolean' | 'count' | 'summary' | 'full'
  matched: number
  /** `hitsDigest` of the hits that travel with the answer. */
  hits: string
  /** State of the log the answer holds for. */
  checkpoint: { size: number; root: string }
  iat: number
}

/** @throws {ProtocolError} `SCHEMA`. */
export async function signAnswer(answer: SearchAnswer, signer: Signer): Promise<string> {
  checkAnswer(answer)
  return signCompact('concordance-answer+jwt', answer, signer)
}

/**
 * Verifies an answer by a `log` key of the answering institute, against the question that was asked.
 *
 * @param expected.hits The lines that came with it; see `hitsDigest`.
 * @throws {ProtocolError} `SCHEMA`, `ISSUER`, `TOKEN_AUDIENCE` for another asker or question, `DIGEST_MISMATCH` for other
 *   hits, and the codes of `getKey` and `verifyCompact`.
 */
export function verifyAnswer(
  compact: string,
  keyset: Keyset,
  expected: { audience: string; queryId: string; hits: readonly string[] },
): SearchAnswer {
  const jws = parseCompactUnsafe(compact, 'concordance-answer+jwt')
  const answer = checkAnswer(jws.payload)
  if (answer.iss !== keyset.document.iss) throw new ProtocolError('ISSUER', 'the answer is of another issuer')
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'log'))
  if (answer.aud !== expected.audience || answer.queryId !== expected.queryId) {
    throw new ProtocolError('TOKEN_AUDIENCE', 'the answer is for another question')
  }
  if (answer.hits !== hitsDigest(expected.hits))
    throw new ProtocolError('DIGEST_MISMATCH', 'other hits than were signed')
  return answer
}

/** Base64url SHA-256 over the canonical text of each hit, in order, each followed by a line feed. */
export function hitsDigest(hits: readonly string[]): string {
  return hash('sha256', hits.map((hit) => `${hit}\n`).join(''), 'base64url')
}

const checkAnswer: (value: unknown) => SearchAnswer = checkOf(
  Type.Object({
    v: Type.Literal(1),
    iss: EntityIdText,
    aud: EntityIdText,
    queryId: Type.String({ pattern: '^[\\x21-\\x7e]{1,100}$' }),
    status: Type.Enum(['ok', 'partial', 'refused', 'unsupported']),
    granularity: Type.Enum(['boolean', 'count', 'summary', 'full']),
    matched: Count,
    hits: Base64url32,
    checkpoint: Type.Object({ size: Count, root: Base64url32 }),
    iat: Count,
  }),
  'search answer',
)
