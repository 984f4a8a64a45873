import { findRecordType, type Marking, parseStatementUnsafe, type Statement } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { ExchangeError } from '../error.ts'
import type { MarkedAs } from '../log/append-batch.ts'

/** A record of our own and the marking it has now. */
export interface MarkedRecord {
  readonly statement: Statement
  readonly mark: Marking
  /** For the writer, which refuses what was composed for another marking. */
  readonly markedAs: MarkedAs
  /** RED: who worked on it. */
  readonly readers: readonly string[]
}

/**
 * The newest marking record's word on one of our own records, else its statement's.
 *
 * @param recordId Base64url.
 * @throws {ExchangeError} `not-found`.
 */
export async function getMarkedRecord(db: Kysely<Tables>, recordId: string): Promise<MarkedRecord> {
  const row = await db
    .selectFrom('own_record')
    .innerJoin('log', (join) => join.on('log.is_own', '=', true))
    .innerJoin('entry', (join) =>
      join.onRef('entry.log', '=', 'log.id').onRef('entry.position', '=', 'own_record.position'),
    )
    .leftJoin('remarked', (join) =>
      join.onRef('remarked.log', '=', 'log.id').onRef('remarked.record_id', '=', 'own_record.record_id'),
    )
    .select(['entry.statement', 'own_record.readers', 'remarked.mark', 'remarked.position'])
    .where('own_record.record_id', '=', Buffer.from(recordId, 'base64url'))
    .executeTakeFirst()
  if (!row?.statement) throw new ExchangeError('not-found', 'there is no such record of this institute')
  const { statement } = parseStatementUnsafe(row.statement.toString('utf8'))
  return {
    statement,
    mark: row.mark ?? statement.mark,
    markedAs: { recordId, since: row.position ?? undefined },
    readers: row.readers ?? [],
  }
}

/**
 * What people found; keys, groups and markings themselves keep the marking they were signed with. So does what was signed
 * RED: nobody takes in a statement that calls itself RED, so it goes further as a new version.
 *
 * @throws {ExchangeError} `invalid`, `marking-invalid`.
 */
export function requireRemarkable({ statement: { type, mark } }: MarkedRecord): void {
  if (findRecordType(type)?.kind !== 'content') {
    throw new ExchangeError('invalid', `a record of type ${type} keeps its marking`)
  }
  if (mark.tlp === 'RED') {
    throw new ExchangeError(
      'marking-invalid',
      'a record signed RED stays RED: revise the finding under another marking',
    )
  }
}

/** RED is for those who worked on it, whatever else they may do here. @throws {ExchangeError} `not-found`. */
export function requireReader({ mark, readers }: MarkedRecord, subject: string): void {
  if (mark.tlp !== 'RED' || readers.includes(subject)) return
  throw new ExchangeError('not-found', 'there is no such record of this institute')
}
