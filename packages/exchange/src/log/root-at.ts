import { emptyFrontier, extendFrontier, type Hash, rootOf } from '@concordance/log'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

const subtreeLeaves = 256 // as the `subtree` table keeps them

/**
 * Root over the first `size` leaves of a log kept here, from its stored subtrees and at most 255 leaves.
 * Requires `size` not beyond what the log holds.
 */
export async function rootAt(db: Kysely<Tables>, log: number, size: number): Promise<Hash> {
  const complete = Math.floor(size / subtreeLeaves)
  const subtrees = await db
    .selectFrom('subtree')
    .select('hash')
    .where('log', '=', log)
    .where('index', '<', complete)
    .orderBy('index')
    .execute()
  const leaves = await db
    .selectFrom('entry')
    .select('leaf_hash as hash')
    .where('log', '=', log)
    .where('position', '>=', complete * subtreeLeaves)
    .where('position', '<', size)
    .orderBy('position')
    .execute()
  // Complete subtrees are leaves of the tree above them, and what is left over stands to the right of all of them.
  const hashes = [subtrees, leaves].flatMap((rows) => {
    return extendFrontier(
      emptyFrontier,
      rows.map(({ hash }) => hash),
    ).hashes
  })
  return rootOf({ size, hashes })
}
