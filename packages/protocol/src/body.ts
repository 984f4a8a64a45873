import { hash } from 'node:crypto'
import { canonicalize, type JsonObject, type JsonValue, parseCanonical } from './canonical-json.ts'
import { ProtocolError } from './error.ts'
import { limits } from './limits.ts'
import { checkBody } from './records/check-body.ts'
import { findRecordType } from './records/index.ts'
import { Base64url32, checkOf } from './schema.ts'
import type { Statement } from './statement.ts'

/** The exact text of a body and what the statement says of it. */
export type EncodedBody = { text: string; digest: string; size: number; mediaType: string }

/**
 * Writes the body of a record: `content` with `iss` and `salt` added, canonical.
 *
 * @param envelope.salt 32 random bytes, base64url: without it the digest of a guessable text could be guessed.
 * @throws {ProtocolError} `TYPE_UNKNOWN`, `SCHEMA`, `JSON_MALFORMED`, or `TOO_LARGE` beyond 256 KiB.
 */
export function encodeBody(type: string, content: JsonObject, envelope: { iss: string; salt: string }): EncodedBody {
  const recordType = findRecordType(type)
  if (recordType === undefined) throw new ProtocolError('TYPE_UNKNOWN', 'no such record type in this version')
  const body = { ...content, iss: envelope.iss, salt: checkSalt(envelope.salt) }
  checkBody(recordType, body)
  const text = canonicalize(body)
  const size = Buffer.byteLength(text)
  if (size > limits.bodyBytes) throw new ProtocolError('TOO_LARGE', `a body has at most ${limits.bodyBytes} bytes`)
  return { text, digest: digestOf(text), size, mediaType: recordType.mediaType }
}

/**
 * Checks that `text` is the body the statement commits to, and what it says. The caller has verified the statement.
 * A type this version does not know is checked as far as every body goes.
 *
 * @throws {ProtocolError} `DIGEST_MISMATCH` where it is another text. Then `ISSUER` where the commitment was copied from
 *   another institute; the codes of `parseCanonical`, and `SCHEMA`, where the issuer signed a body that breaks the rules.
 */
export function verifyBody(statement: Statement, text: string): JsonObject {
  verifyBodyDigest(statement, text)
  return interpretBody(statement, text)
}

/** Size and digest only. @throws {ProtocolError} `DIGEST_MISMATCH`. */
export function verifyBodyDigest(statement: Statement, text: string): void {
  const expected = statement.body
  if (expected === undefined) throw new ProtocolError('DIGEST_MISMATCH', 'the statement has no body')
  if (text.length > expected.size || digestOf(text) !== expected.digest || Buffer.byteLength(text) !== expected.size) {
    throw new ProtocolError('DIGEST_MISMATCH', 'the body is not the one the statement commits to')
  }
}

/** What a body says, after `verifyBodyDigest`. @throws {ProtocolError} As `verifyBody`, except `DIGEST_MISMATCH`. */
export function interpretBody(statement: Statement, text: string): JsonObject {
  const body = parseCanonical(text)
  if (!isObject(body)) throw new ProtocolError('SCHEMA', 'body / is not an object')
  if (body.iss !== statement.iss) throw new ProtocolError('ISSUER', 'the body names another issuer')
  checkSalt(body.salt)
  const recordType = findRecordType(statement.type)
  if (recordType !== undefined) checkBody(recordType, body, statement)
  return body
}

const checkSalt = checkOf(Base64url32, 'body /salt')

function digestOf(text: string): string {
  return hash('sha256', text, 'base64url')
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
