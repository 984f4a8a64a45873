import type { Deps } from '../deps.ts'
import { findMirror } from './mirror.ts'
import { freeze } from './stop-peer.ts'

/**
 * Looks for two records that a peer signed for one version of a finding, among the positions `[from, to)` just
 * projected. The two statements are evidence on their own; the peer is frozen.
 */
export async function reportVersionConflicts(
  deps: Deps,
  { log, from, to }: { log: number; from: number; to: number },
): Promise<void> {
  const conflict = await deps.db
    .selectFrom('record as late')
    .innerJoin('record as early', (join) =>
      join
        .onRef('early.iss', '=', 'late.iss')
        .onRef('early.finding', '=', 'late.finding')
        .onRef('early.version', '=', 'late.version')
        .onRef('early.position', '<', 'late.position'),
    )
    .innerJoin('log', 'log.id', 'late.log')
    .select(['early.position as first', 'late.position as second', 'log.iss', 'log.origin'])
    .where('late.log', '=', log)
    .where('early.log', '=', log)
    .where('late.position', '>=', from)
    .where('late.position', '<', to)
    .where('log.is_own', '=', false)
    .executeTakeFirst()
  const peer = conflict && deps.peers.find(conflict.iss)
  const mirror = peer && (await findMirror(deps.db, peer))
  if (!conflict || !mirror) return
  const statements = [
    await getStatement(deps, log, conflict.first),
    await getStatement(deps, log, conflict.second),
  ] as const
  const keysets = [...mirror.keysets.values()].map((keyset) => keyset.compact)
  const { iss, origin } = conflict
  await freeze(deps, mirror, { v: 1, kind: 'two-records-for-one-version', iss, origin, keysets, statements })
}

async function getStatement({ db }: Deps, log: number, position: number): Promise<string> {
  const { statement } = await db
    .selectFrom('entry')
    .select('statement')
    .where('log', '=', log)
    .where('position', '=', position)
    .executeTakeFirstOrThrow()
  return (statement as Buffer).toString('utf8')
}
