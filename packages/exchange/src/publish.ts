import { hash } from 'node:crypto'
import { canonicalize, encodeBase64url, type JsonValue, type Receipt, type RecordInput } from '@concordance/protocol'
import { composeRecord, requireContentType } from './compose-record.ts'
import type { Deps } from './deps.ts'
import { ExchangeError, reviewRequired } from './error.ts'
import { uuidv7 } from './keys/uuid.ts'
import { needsSecondPerson } from './workflow/needs-second-person.ts'

/** Who asks for an act, and the key under which it counts once. */
export interface Call {
  /** Subject of a person or program. */
  readonly actor: string
  readonly idempotencyKey: string
  /** Sees the RED drafts of others too. */
  readonly mayReview?: boolean
}

/** Who reads or changes drafts. */
export type Colleague = Pick<Call, 'actor' | 'mayReview'>

/**
 * Publishes a record in one go. RED alone: whatever anybody outside this institute may ever see goes through a draft,
 * which a second person approves.
 *
 * @throws {ExchangeError} `review-required`, and the codes of `appendRecord`.
 */
export async function publishRecord(deps: Deps, input: RecordInput, call: Call): Promise<Receipt> {
  requireContentType(input.type)
  if (needsSecondPerson({ kind: 'publish', mark: input.mark })) throw reviewRequired()
  return appendRecord(deps, input, call)
}

/**
 * Composes, signs and appends a record of content; durable when it returns. Below the review rule: for use cases that have
 * applied it, and for loading. The same key with the same input returns the first receipt, so callers may retry after a
 * lost answer.
 *
 * @throws {ExchangeError} the codes of `composeRecord`, `version-conflict`, `withdrawn`, `idempotency-mismatch`,
 * `log-unconfirmed`, `store-unavailable`, `disk-full`; nothing was appended, unless the store failed at the very commit.
 */
export async function appendRecord(deps: Deps, input: RecordInput, call: Call): Promise<Receipt> {
  requireContentType(input.type)
  const { finding = uuidv7(deps), version = 1 } = input
  const prev = version === 1 ? undefined : await getPrevious(deps, finding, version)
  const record = await composeRecord(deps, { ...input, finding, version, prev })
  // No look for an earlier receipt here: the writer does it for a whole batch, and signing in vain is cheaper than a query.
  const idempotency = { subject: call.actor, key: call.idempotencyKey, digest: digestOf('publish', input) }
  return deps.writer.append({ ...record, actor: call.actor, idempotency })
}

/** What a request is, for telling a repetition from another request under the same key. */
export function digestOf(act: string, request: unknown): Buffer {
  return hash('sha256', `${act}\n${canonicalize(request as JsonValue)}`, 'buffer')
}

/**
 * The receipt given for the same request before, where the request could not be composed a second time. The writer looks
 * again under its lock.
 *
 * @throws {ExchangeError} `idempotency-mismatch`.
 */
export async function findReceipt(
  { pool }: Deps,
  { actor, idempotencyKey }: Call,
  digest: Buffer,
): Promise<Receipt | undefined> {
  const { rows } = await pool.query<{ digest: Buffer; receipt: Receipt }>({
    name: 'find-receipt',
    text: 'select digest, receipt from idempotency where subject = $1 and key = $2',
    values: [actor, idempotencyKey],
  })
  const [row] = rows
  if (row && !row.digest.equals(digest)) {
    throw new ExchangeError('idempotency-mismatch', 'the key was used before, for another request')
  }
  return row?.receipt
}

async function getPrevious({ db }: Deps, finding: string, version: number): Promise<string> {
  const row = await db
    .selectFrom('own_record')
    .select('record_id')
    .where('finding', '=', finding)
    .where('version', '=', version - 1)
    .executeTakeFirst()
  if (!row) throw new ExchangeError('version-conflict', `there is no version ${version - 1} of the finding`)
  return encodeBase64url(row.record_id)
}
