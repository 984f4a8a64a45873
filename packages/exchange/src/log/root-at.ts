import type { Hash } from '@concordance/log'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { hashRanges } from './proof.ts'

/** Root over the first `size` leaves of a log kept here. Requires `size` not beyond what the log holds. */
export async function rootAt(db: Kysely<Tables>, log: number, size: number): Promise<Hash> {
  const [root] = await hashRanges(db, log, [{ from: 0, to: size }])
  return root as Hash
}
