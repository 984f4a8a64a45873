import { type Checkpoint, verifyCheckpoint } from '@concordance/log'
import { encodeBase64url } from '@concordance/protocol'
import { confirmByPeers, suspendPublishing } from '../log/confirm.ts'
import { rootAt } from '../log/root-at.ts'
import { listActivePeers } from '../peers.ts'
import type { SyncDeps } from './sync-loop.ts'

/**
 * Asks every active peer for the newest checkpoint it holds of our own log. An unconfirmed log can be confirmed by what
 * they show; a confirmed one stops publishing when a peer holds something under our own key that it does not lead to: then
 * this database is not the newest, or somebody else signs with our key.
 *
 * @returns whether our log is confirmed afterwards.
 */
export async function askAboutUs(deps: SyncDeps, signal?: AbortSignal): Promise<boolean> {
  const own = await deps.db
    .selectFrom('log')
    .select(['id', 'state', 'size'])
    .where('is_own', '=', true)
    .executeTakeFirst()
  if (!own) return false
  const shown = await listShown(deps, signal)
  if (own.state === 'unconfirmed') return shown.length > 0 && confirmByPeers(deps, shown)
  for (const jws of shown) {
    const checkpoint = findOurs(deps, jws)
    if (!checkpoint) continue
    const { size } = await deps.db.selectFrom('log').select('size').where('id', '=', own.id).executeTakeFirstOrThrow()
    if (checkpoint.size > size) await suspendPublishing(deps, 'behind-peer')
    else if (encodeBase64url(await rootAt(deps.db, own.id, checkpoint.size)) !== checkpoint.root) {
      await suspendPublishing(deps, 'differs-from-peer')
    } else continue
    return false
  }
  return true
}

async function listShown(deps: SyncDeps, signal?: AbortSignal): Promise<string[]> {
  const peers = await listActivePeers(deps)
  const asked = peers.map(async (peer) => {
    try {
      return await deps.callPeer(peer).fetchHeldCheckpoint(deps.identity.origin, signal)
    } catch {
      return undefined // a peer that cannot be asked says nothing
    }
  })
  return (await Promise.all(asked)).filter((jws) => jws !== undefined)
}

/** Only what our own key signed counts; anything else a peer may have made up. */
function findOurs(deps: SyncDeps, jws: string): Checkpoint | undefined {
  try {
    return verifyCheckpoint(jws, deps.identity.keyset())
  } catch {
    return undefined
  }
}
