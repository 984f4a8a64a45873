import type { DraftView } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import { requireContentType } from './compose-record.ts'
import type { Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { insertDraft } from './drafts.ts'
import { ExchangeError } from './error.ts'
import { once } from './once.ts'
import { type Call, digestOf } from './publish.ts'
import { getMarkedRecord, type MarkedRecord, requireReader } from './workflow/effective-marking.ts'
import { findOwnVersion, type OwnVersion } from './workflow/own-findings.ts'

/**
 * Begins the next version of one of our findings: a draft filled from the newest version, marked as that is now.
 *
 * @throws {ExchangeError} `not-found`, `withdrawn`, `idempotency-mismatch`.
 */
export async function reviseFinding(deps: Deps, finding: string, call: Call): Promise<DraftView> {
  return once(deps, call, digestOf('revise', { finding }), async (trx) => {
    const { statement, content, mark } = await getNewestVersion(trx, finding, call.actor)
    const { type, lang, rel, version } = statement
    const input = { type, lang, mark, rel: [...rel], content }
    return insertDraft(deps, trx, { input, finding, version: version + 1, author: call.actor })
  })
}

/**
 * The newest version of one of our own findings, as published, and its marking.
 *
 * @param subject Who asks for it: a RED record is for those who worked on it.
 * @throws {ExchangeError} `not-found` where there is none, `invalid` where it is not of a content type, `withdrawn`.
 */
export async function getNewestVersion(
  db: Kysely<Tables>,
  finding: string,
  subject: string,
): Promise<OwnVersion & MarkedRecord> {
  const newest = await findOwnVersion(db, finding)
  if (!newest) throw new ExchangeError('not-found', 'there is no such finding of this institute')
  const marked = await getMarkedRecord(db, newest.recordId)
  requireReader(marked, subject)
  if (newest.isWithdrawn) throw new ExchangeError('withdrawn', `finding ${finding} is withdrawn`)
  requireContentType(newest.statement.type)
  return { ...newest, ...marked }
}
