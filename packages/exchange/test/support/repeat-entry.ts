import { decodeFrontier, encodeFrontier, extendFrontier, rootOf } from '@concordance/log'
import { inTransaction } from '../../src/database/in-transaction.ts'
import { headOf } from '../../src/log/append-batch.ts'
import type { Circle } from './append.ts'
import type { Institute } from './institute.ts'

/**
 * Lets an institute append a record that stands in its log already, which its own writer would refuse, and sign the log:
 * under the rights of the first one, and under no name that the rules know of.
 *
 * @param circle Whose members the copy is open to, if not those of the first one.
 * @returns the position of the copy.
 */
export async function repeatEntry(
  { deps }: Pick<Institute, 'deps'>,
  position: number,
  circle?: Circle,
): Promise<number> {
  const copy = await inTransaction(deps.pool, async (client) => {
    await client.query('drop index if exists entry_by_record')
    const { rows } = await client.query<{ id: number; size: number; frontier: Buffer; leaf_hash: Buffer }>(
      `select id, size, frontier, leaf_hash from log join entry on entry.log = log.id
       where is_own and entry.position = $1 for no key update of log`,
      [position],
    )
    const [{ id, size, frontier, leaf_hash }] = rows as [(typeof rows)[number]]
    const before = decodeFrontier(size, frontier)
    const grown = extendFrontier(before, [leaf_hash])
    await deps.guard.intend(headOf(before), headOf(grown))
    await client.query(
      `insert into entry (log, position, leaf_hash, record_id, statement, body)
       select log, $3, leaf_hash, record_id, statement, body from entry where log = $1 and position = $2`,
      [id, position, size],
    )
    await client.query(
      `insert into own_record (position, record_id, type, finding, version, iat, tlp, embargo_until, actor, at,
                               group_iss, group_finding, readers)
       select $2, record_id, type, gen_random_uuid(), version, iat, tlp, embargo_until, actor, at,
         coalesce($3, group_iss), coalesce($4, group_finding), readers from own_record where position = $1`,
      [position, size, circle?.iss, circle?.finding],
    )
    const head = [id, grown.size, encodeFrontier(grown)]
    await client.query('insert into checkpoint (log, size, frontier, root) values ($1, $2, $3, $4)', [
      ...head,
      rootOf(grown),
    ])
    await client.query(
      'update log set size = $2, frontier = $3, staged_size = $2, staged_frontier = $3 where id = $1',
      head,
    )
    return size
  })
  await deps.writer.seal()
  return copy
}
