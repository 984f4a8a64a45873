import type { Deps } from '../deps.ts'
import { findMirror } from './mirror.ts'
import { freeze } from './stop-peer.ts'

/**
 * Looks for two records that a peer signed for one version of a finding, of which one stands among the positions
 * `[from, to)` just projected; also where the peer has closed the other one to us since. The two statements are evidence on
 * their own; the peer is frozen.
 */
export async function reportVersionConflicts(
  deps: Deps,
  { log, from, to }: { log: number; from: number; to: number },
): Promise<void> {
  const conflict = await deps.db
    .selectFrom('record as one')
    .innerJoin('record as other', (join) =>
      join
        .onRef('other.iss', '=', 'one.iss')
        .onRef('other.finding', '=', 'one.finding')
        .onRef('other.version', '=', 'one.version')
        .onRef('other.position', '<>', 'one.position'),
    )
    .innerJoin('log', 'log.id', 'one.log')
    .select(['one.position', 'other.position as other', 'log.iss', 'log.origin'])
    .where('one.log', '=', log)
    .where('other.log', '=', log)
    .where('one.position', '>=', from)
    .where('one.position', '<', to)
    .where('log.is_own', '=', false)
    .executeTakeFirst()
  const peer = conflict && deps.peers.find(conflict.iss)
  const mirror = peer && (await findMirror(deps.db, peer))
  if (!conflict || !mirror) return
  const statements = [
    await getStatement(deps, log, Math.min(conflict.position, conflict.other)),
    await getStatement(deps, log, Math.max(conflict.position, conflict.other)),
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
