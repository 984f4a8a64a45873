import type { Transaction } from 'kysely'
import { sql } from 'kysely'
import type { Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import type { Call } from './publish.ts'

/**
 * Does an act that is not an append exactly once for a key: its result is kept in the same transaction and given again.
 *
 * @param digest Of the request; see `digestOf`.
 * @throws {ExchangeError} `idempotency-mismatch`, and whatever the act throws; then nothing is kept.
 */
export function once<Result>(
  deps: Deps,
  { actor, idempotencyKey }: Call,
  digest: Buffer,
  act: (trx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return deps.db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`once ${actor}\n${idempotencyKey}`}, 0))`.execute(trx)
    const earlier = await trx
      .selectFrom('idempotency')
      .select(['digest', 'receipt'])
      .where('subject', '=', actor)
      .where('key', '=', idempotencyKey)
      .executeTakeFirst()
    if (earlier && !earlier.digest.equals(digest)) {
      throw new ExchangeError('idempotency-mismatch', 'the key was used before, for another request')
    }
    if (earlier) return earlier.receipt as Result
    const result = await act(trx)
    const receipt = JSON.stringify(result)
    await trx
      .insertInto('idempotency')
      .values({ subject: actor, key: idempotencyKey, digest, receipt, created_at: deps.now() })
      .execute()
    return result
  })
}
