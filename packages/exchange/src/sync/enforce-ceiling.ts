import { labelsUpTo } from '../access/may-open.ts'
import { inTransaction } from '../database/in-transaction.ts'
import type { Deps } from '../deps.ts'
import { aboveCeiling, refusalOf } from './accept-entries.ts'

/**
 * After the highest label this node accepts was changed: copied records above it go, with their bodies, and what was
 * refused under another one is read again. Where nothing was changed, nothing is done.
 */
export async function enforceCeiling(deps: Pick<Deps, 'pool' | 'accepts'>): Promise<void> {
  const { pool, accepts } = deps
  await inTransaction(pool, async (client) => {
    await client.query(
      `with above as (
         delete from record using log
         where log.id = record.log and not log.is_own and tlp <> all ($1::text[]) returning record.log, record.position
       ), dropped as (
         update entry set body = null from above where entry.log = above.log and entry.position = above.position
       )
       insert into quarantine (log, position, code, detail) select log, position, $2, $3 from above on conflict do nothing`,
      [labelsUpTo(accepts), aboveCeiling, refusalOf(accepts)],
    )
    await client.query(
      `update log set reread_from = least(reread_from, refused.first)
       from (select log, min(position) as first from quarantine where code = $1 and detail <> $2 group by log) refused
       where refused.log = log.id`,
      [aboveCeiling, refusalOf(accepts)],
    )
  })
}
