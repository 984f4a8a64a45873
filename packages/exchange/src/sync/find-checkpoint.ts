import type { Deps } from '../deps.ts'
import type { Mirror } from './mirror.ts'

/** The smallest signed checkpoint of the log that we hold and that covers `size` entries. */
export async function findCheckpointFrom({ db }: Deps, { log }: Mirror, size: number) {
  const row = await db
    .selectFrom('checkpoint')
    .select(['size', 'jws'])
    .where('log', '=', log)
    .where('size', '>=', size)
    .where('jws', 'is not', null)
    .orderBy('size')
    .limit(1)
    .executeTakeFirst()
  return row?.jws ? { size: row.size, jws: row.jws } : undefined
}
