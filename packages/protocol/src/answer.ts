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
  /** `questionDigest` of what was asked. */
  question: string
  status: 'ok' | 'partial' | 'refused' | 'unsupported'
  /** Why it is not ok: see `searchReasons`. A later version may say what this one does not know. */
  reason?: string
  /** What was given: what was asked for, or less. */
  granularity: 'boolean' | 'count' | 'summary' | 'full'
  matched: number
  /** Where given, the number is a bucket: at least `matched` and fewer than this. */
  below?: number
  /** `hitsDigest` of the hits that travel with the answer. */
  hits: string
  /** State of the log the answer holds for. */
  checkpoint: { size: number; root: string }
  iat: number
}

/**
 * Why an institute has no whole answer in a search. The first group is signed by the institute that answers, the second
 * is the asking node's own word. Stable; a reader takes one it does not know as no more than the status beside it.
 */
export const searchReasons = [
  'out-of-time', // partial: the search of the answering node did not end within the budget
  'index-behind', // partial: not every entry under the checkpoint is searchable yet
  'query-label', // refused: the question is marked above what the institute takes, or is given
  'requester-budget', // refused: the asker has used up its questions of this hour
  'not-offered', // unsupported: the institute answers no live searches
  'no-answer-in-time', // timeout
  'no-connection', // unreachable: nobody answers there, or the connection broke
  'failed', // unreachable: the node answers with a failure of its own
  'keys-unknown', // unreachable: no keyset of the institute is known here yet
  'answer-invalid', // unreachable: what came does not verify, or does not answer this question
  'answer-too-large', // unreachable
  'not-admitted', // refused: the node does not take requests of this institute now
  'log-frozen', // refused: signatures of the institute contradict each other, so it is not asked
  'question-not-understood', // unsupported: the node does not know the operation, or this form of it
  'older-than-known', // stale: signed at a size below what is verified here
] as const
export type SearchReason = (typeof searchReasons)[number]

/** @throws {ProtocolError} `SCHEMA`. */
export async function signAnswer(answer: SearchAnswer, signer: Signer): Promise<string> {
  checkAnswer(answer)
  return signCompact('concordance-answer+jwt', answer, signer)
}

/**
 * Verifies an answer by a `log` key of the answering institute, against the question that was asked.
 *
 * @param expected.question `questionDigest` of what was asked.
 * @param expected.hits The lines that came with it; see `hitsDigest`.
 * @throws {ProtocolError} `SCHEMA`, `ISSUER`, `TOKEN_AUDIENCE` for another asker or question, `DIGEST_MISMATCH` for other
 *   hits, and the codes of `getKey` and `verifyCompact`.
 */
export function verifyAnswer(
  compact: string,
  keyset: Keyset,
  expected: { audience: string; queryId: string; question: string; hits: readonly string[] },
): SearchAnswer {
  const jws = parseCompactUnsafe(compact, 'concordance-answer+jwt')
  const answer = checkAnswer(jws.payload)
  if (answer.iss !== keyset.document.iss) throw new ProtocolError('ISSUER', 'the answer is of another issuer')
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'log'))
  const { audience, queryId, question } = expected
  if (answer.aud !== audience || answer.queryId !== queryId || answer.question !== question) {
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
    question: Base64url32,
    status: Type.Enum(['ok', 'partial', 'refused', 'unsupported']),
    reason: Type.Optional(Type.String({ pattern: '^[a-z][a-z-]{0,39}$' })),
    granularity: Type.Enum(['boolean', 'count', 'summary', 'full']),
    matched: Count,
    below: Type.Optional(Count),
    hits: Base64url32,
    checkpoint: Type.Object({ size: Count, root: Base64url32 }),
    iat: Count,
  }),
  'search answer',
)
