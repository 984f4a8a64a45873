import { setTimeout as sleep } from 'node:timers/promises'
import type { LogState } from '../database/tables.ts'
import type { ConfiguredPeer } from '../deps.ts'
import { listActivePeers } from '../peers.ts'
import type { SyncDeps } from '../sync/sync-loop.ts'
import { confirmByPeers } from './confirm.ts'

const askEveryMs = { confirmed: 60_000, unconfirmed: 5_000 }
const answerWithinMs = 5_000

/**
 * Asks every active peer again and again for the newest checkpoint it holds of us, beginning at once: after a restore the
 * peers are the only ones who remember what the backup has forgotten.
 */
export function startConfirming(deps: SyncDeps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = (async () => {
    while (!signal.aborted) {
      const state = await confirmOnce(deps, signal).catch((error) => {
        if (!signal.aborted) deps.log.error({ err: error }, 'could not hold our log against the peers')
      })
      const pauseMs = askEveryMs[state === 'following' ? 'confirmed' : 'unconfirmed']
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined) // only ever rejects by our own abort
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** One round. @returns the state of our log afterwards. */
export async function confirmOnce(deps: SyncDeps, signal?: AbortSignal): Promise<LogState> {
  const peers = await listActivePeers(deps)
  const shown = await Promise.all(peers.map((peer) => askPeer(deps, peer, signal)))
  const checkpoints = shown.filter((checkpoint) => checkpoint !== undefined)
  return confirmByPeers(deps, checkpoints)
}

async function askPeer(deps: SyncDeps, peer: ConfiguredPeer, signal?: AbortSignal): Promise<string | undefined> {
  const deadline = AbortSignal.timeout(answerWithinMs)
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline
  try {
    return await deps.callPeer(peer).fetchHeldCheckpoint(deps.identity.origin, either)
  } catch (error) {
    deps.log.debug({ peer: peer.iss, err: (error as Error).message }, 'a peer could not be asked about our log')
    return undefined
  }
}
