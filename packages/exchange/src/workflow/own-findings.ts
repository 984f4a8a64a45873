import { encodeBase64url, type JsonObject, parseStatementUnsafe, type Statement } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** One version of a finding of our own, as published. */
export interface OwnVersion {
  readonly recordId: string
  readonly position: number
  readonly statement: Statement
  /** The body without issuer and salt, which belong to one record. */
  readonly content: JsonObject
  readonly isWithdrawn: boolean
}

/** @param version The newest one where absent. */
export async function findOwnVersion(
  db: Kysely<Tables>,
  finding: string,
  version?: number,
): Promise<OwnVersion | undefined> {
  let query = db
    .selectFrom('own_record')
    .innerJoin('log', (join) => join.on('log.is_own', '=', true))
    .innerJoin('entry', (join) =>
      join.onRef('entry.log', '=', 'log.id').onRef('entry.position', '=', 'own_record.position'),
    )
    .leftJoin('withdrawn', (join) =>
      join.onRef('withdrawn.log', '=', 'log.id').onRef('withdrawn.record_id', '=', 'own_record.record_id'),
    )
    .select(['own_record.record_id', 'own_record.position', 'entry.statement', 'entry.body', 'withdrawn.effect'])
    .where('own_record.finding', '=', finding)
    .orderBy('own_record.version', 'desc')
    .limit(1)
  if (version !== undefined) query = query.where('own_record.version', '=', version)
  const row = await query.executeTakeFirst()
  if (!row?.statement) return undefined
  const { statement } = parseStatementUnsafe(row.statement.toString('utf8'))
  const { iss: _, salt: __, ...content } = JSON.parse(row.body?.toString('utf8') ?? '{}') as JsonObject
  const { position, effect } = row
  return { recordId: encodeBase64url(row.record_id), position, statement, content, isWithdrawn: effect !== null }
}
