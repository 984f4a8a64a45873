import { type DraftView, encodeBase64url, type JsonObject, parseStatementUnsafe } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import { requireContentType } from './compose-record.ts'
import type { Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { insertDraft } from './drafts.ts'
import { ExchangeError } from './error.ts'
import { once } from './once.ts'
import { type Call, digestOf } from './publish.ts'

/**
 * Begins the next version of one of our findings: a draft filled from the newest version.
 *
 * @throws {ExchangeError} `not-found`, `withdrawn`, `idempotency-mismatch`.
 */
export async function reviseFinding(deps: Deps, finding: string, call: Call): Promise<DraftView> {
  return once(deps, call, digestOf('revise', { finding }), async (trx) => {
    const { statement, body } = await getNewestVersion(trx, finding)
    const { type, lang, mark, rel, version } = statement
    const input = { type, lang, mark, rel: [...rel], content: contentOf(body) }
    return insertDraft(deps, trx, { input, finding, version: version + 1, author: call.actor })
  })
}

/**
 * The newest version of one of our own findings, as published.
 *
 * @throws {ExchangeError} `not-found` where there is none or it is not of a content type, `withdrawn`.
 */
export async function getNewestVersion(db: Kysely<Tables>, finding: string) {
  const row = await db
    .selectFrom('own_record')
    .innerJoin('log', (join) => join.on('log.is_own', '=', true))
    .innerJoin('entry', (join) =>
      join.onRef('entry.log', '=', 'log.id').onRef('entry.position', '=', 'own_record.position'),
    )
    .leftJoin('withdrawn', (join) =>
      join.onRef('withdrawn.log', '=', 'log.id').onRef('withdrawn.record_id', '=', 'own_record.record_id'),
    )
    .select(['own_record.record_id', 'entry.statement', 'entry.body', 'withdrawn.effect'])
    .where('own_record.finding', '=', finding)
    .orderBy('own_record.version', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row?.statement) throw new ExchangeError('not-found', 'there is no such finding of this institute')
  if (row.effect !== null) throw new ExchangeError('withdrawn', `finding ${finding} is withdrawn`)
  const { statement } = parseStatementUnsafe(row.statement.toString('utf8'))
  requireContentType(statement.type)
  return { recordId: encodeBase64url(row.record_id), statement, body: row.body?.toString('utf8') ?? '{}' }
}

/** Issuer and salt belong to one body; the next version gets its own. */
function contentOf(body: string): JsonObject {
  const { iss: _, salt: __, ...content } = JSON.parse(body) as JsonObject
  return content
}
