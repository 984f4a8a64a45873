import { hash } from 'node:crypto'
import { Type } from 'typebox'
import { Check } from 'typebox/schema'
import { canonicalize, type JsonObject, readJsonUnsafe } from './canonical-json.ts'
import { ProtocolError } from './error.ts'
import { type CompactJws, parseCompactUnsafe, signCanonical } from './jws.ts'
import type { Signer } from './keys.ts'
import { limits } from './limits.ts'
import { type Marking, parseMarking } from './marking.ts'
import { isOriginOf, parseEntityId } from './origin.ts'
import { Base64url16, Base64url32, Count, checkOf, EntityIdText, FindingId, LanguageTag, OriginText } from './schema.ts'

export type RelationTarget = { iss: string; record: string } | { iss: string; finding: string }

export type Relation = {
  kind:
    | 'withdraws'
    | 'remarks'
    | 'cites'
    | 'uses-protocol'
    | 'corroborates'
    | 'disputes'
    | 'replicates'
    | 'qualifies'
    | 'derived-from'
    | 'answers'
    | 'supports'
    | 'contradicts'
  target: RelationTarget
}

/** The small signed part of a record. Times are seconds since the epoch. */
export type Statement = {
  v: 1
  /** Entity id of the institute. */
  iss: string
  /** Origin of the log that holds the record. */
  log: string
  type: string
  /** UUIDv7, lower case: the lineage all versions share. */
  finding: string
  /** From 1. */
  version: number
  /** Record id of `version - 1`; present exactly where `version` is above 1. */
  prev?: string
  /** The issuer's claim: only the order of the log and other institutes' observations prove time. */
  iat: number
  /** 16 random bytes, so that a record id says nothing about a statement that could be guessed. */
  nonce: string
  mark: Marking
  /** At most 8. */
  rel: readonly Relation[]
  lang: string
  body?: { digest: string; size: number; type: string }
}

export interface SignedStatement {
  readonly compact: string
  readonly recordId: string
  readonly statement: Statement
  readonly kid: string
}

/**
 * Signs a statement that has passed every check a receiver would make.
 *
 * @throws {ProtocolError} `SCHEMA`, `MARKING`, `ISSUER`, `ORIGIN`, or `TOO_LARGE` beyond 2,900 bytes of payload.
 */
export async function signStatement(statement: Statement, signer: Signer): Promise<SignedStatement> {
  checkStatement(statement)
  parseEntityId(statement.iss)
  const payload = canonicalize(statement)
  if (Buffer.byteLength(payload) > limits.statementBytes) throw tooLarge()
  const compact = await signCanonical('concordance-record+jwt', payload, signer)
  return { compact, recordId: hashOf(compact), statement, kid: signer.kid }
}

/**
 * Unsafe: the signature is NOT checked. Members of the payload that this version does not know are kept.
 *
 * @throws {ProtocolError} `SCHEMA` or `MARKING` for known members, the codes of `parseCompactUnsafe` for the rest.
 */
export function parseStatementUnsafe(compact: string): SignedStatement & { jws: CompactJws } {
  const jws = parseRecordJws(compact)
  const statement = checkStatement(jws.payload)
  return { compact, recordId: hashOf(compact), statement, kid: jws.header.kid, jws }
}

/**
 * Reads what an envelope says, in whatever spelling: a first look, for a third of the time of a strict parse. Unsafe: neither
 * its signature nor its one spelling is checked, so that `parseStatementUnsafe` comes before anybody is shown or given what
 * it says. What passes there reads the same.
 *
 * @throws {ProtocolError} `TOO_LARGE`, `JWS_MALFORMED`, `JSON_MALFORMED`, and the codes of `checkStatement`.
 */
export function readStatementUnsafe(compact: string): Pick<SignedStatement, 'recordId' | 'statement'> {
  if (compact.length > limits.compactBytes) throw tooLarge()
  const [, payload, signature] = compact.split('.', 3)
  if (payload === undefined || signature === undefined) throw new ProtocolError('JWS_MALFORMED', 'not three segments')
  const text = Buffer.from(payload, 'base64url').toString('utf8')
  const statement = checkStatement(readJsonUnsafe(text, { maxBytes: limits.statementBytes }))
  return { recordId: hashOf(compact), statement }
}

/** Base64url SHA-256 of the compact JWS, after a strict parse: a record has one id. */
export function recordIdOf(compact: string): string {
  parseRecordJws(compact)
  return hashOf(compact)
}

/** The envelope of a record, whatever its payload says. Unsafe: the signature is NOT checked. */
export function parseRecordJws(compact: string): CompactJws {
  const jws = parseCompactUnsafe(compact, 'concordance-record+jwt')
  const payloadChars = compact.lastIndexOf('.') - compact.indexOf('.') - 1
  if (Math.floor((payloadChars * 3) / 4) > limits.statementBytes) throw tooLarge()
  return jws
}

/**
 * What the payload of a record's envelope says, checked.
 *
 * @throws {ProtocolError} `SCHEMA`, `MARKING` or `ORIGIN`.
 */
export function checkStatement(payload: unknown): Statement {
  const statement = checkShape(payload) as Statement
  parseMarking(statement.mark)
  if (statement.version > 1 !== (statement.prev !== undefined)) {
    throw new ProtocolError('SCHEMA', 'statement /prev stands exactly where version is above 1')
  }
  for (const { kind } of statement.rel) {
    const owner = typeWithRelation[kind]
    if (owner !== undefined && owner !== statement.type) {
      throw new ProtocolError('SCHEMA', `statement /rel ${kind}, but its type is not ${owner}`)
    }
  }
  if (!isOriginOf(statement.iss, statement.log)) throw new ProtocolError('ORIGIN', 'the log is not one of the issuer')
  return statement
}

/** Relations that do something to their target: each belongs to one type of record. */
const typeWithRelation: Partial<Record<Relation['kind'], string>> = { withdraws: 'withdrawal', remarks: 'marking' }

/** Those targets in a payload's `rel` that are well formed, whatever else is wrong with it and whatever their kind. */
export function targetsOf({ rel }: JsonObject): RelationTarget[] {
  if (!Array.isArray(rel)) return []
  const targets = rel.slice(0, limits.relations).map((relation: { target?: unknown } | null) => relation?.target)
  return targets.filter(isRelationTarget)
}

export function isRelationTarget(value: unknown): value is RelationTarget {
  return Check(TargetShape, value)
}

const closed = { additionalProperties: false } as const

/** Names a record, or a finding whatever its version. */
export const TargetShape = Type.Union([
  Type.Object({ iss: EntityIdText, record: Base64url32 }, closed),
  Type.Object({ iss: EntityIdText, finding: FindingId }, closed),
])

const RelationShape = Type.Object({
  kind: Type.Enum([
    'withdraws',
    'remarks',
    'cites',
    'uses-protocol',
    'corroborates',
    'disputes',
    'replicates',
    'qualifies',
    'derived-from',
    'answers',
    'supports',
    'contradicts',
  ]),
  target: TargetShape,
})

const StatementShape = Type.Object({
  v: Type.Literal(1),
  iss: EntityIdText,
  log: OriginText,
  type: Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' }),
  finding: FindingId,
  version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  prev: Type.Optional(Base64url32),
  iat: Count,
  nonce: Base64url16,
  // `parseMarking` checks it, also that it is there, under a code of its own.
  mark: Type.Optional(Type.Unknown()),
  rel: Type.Array(RelationShape, { maxItems: limits.relations }),
  lang: LanguageTag,
  body: Type.Optional(
    Type.Object({
      digest: Base64url32,
      size: Type.Integer({ minimum: 2, maximum: limits.bodyBytes }),
      type: Type.String({ pattern: '^application/vnd\\.concordance\\.[a-z][a-z0-9-]{0,63}\\+json$' }),
    }),
  ),
})

const checkShape = checkOf(StatementShape, 'statement')

function hashOf(compact: string): string {
  return hash('sha256', compact, 'base64url')
}

function tooLarge(): ProtocolError {
  return new ProtocolError('TOO_LARGE', `the payload of a statement has at most ${limits.statementBytes} bytes`)
}
