import { setTimeout as sleep } from 'node:timers/promises'
import { getReadiness } from '../describe-node.ts'
import { listActivePeers } from '../peers.ts'
import type { SyncDeps } from '../sync/sync-loop.ts'
import { confirmByPeers } from './confirm.ts'

const askEveryMs = 10_000
const answerWithinMs = 5_000

/** While our log is unconfirmed, asks every active peer again and again for the newest checkpoint it holds of us. */
export function startConfirming(deps: SyncDeps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = (async () => {
    while (!signal.aborted) {
      await confirmOnce(deps, signal).catch((error) => {
        if (!signal.aborted) deps.log.error({ err: error }, 'could not look for a confirmation of our log')
      })
      await sleep(askEveryMs, undefined, { signal }).catch(() => undefined) // only ever rejects by our own abort
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** One round. @returns true when our log needs no confirmation, or has it now. */
export async function confirmOnce(deps: SyncDeps, signal?: AbortSignal): Promise<boolean> {
  if ((await getReadiness(deps)) === 'confirmed') return true
  const peers = await listActivePeers(deps)
  const shown = await Promise.all(peers.map((peer) => askPeer(deps, peer, signal)))
  return confirmByPeers(
    deps,
    shown.filter((checkpoint) => checkpoint !== undefined),
  )
}

async function askPeer(
  deps: SyncDeps,
  peer: Parameters<SyncDeps['callPeer']>[0],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const deadline = AbortSignal.timeout(answerWithinMs)
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline
  return deps
    .callPeer(peer)
    .fetchHeldCheckpoint(deps.identity.origin, either)
    .catch((error: Error) => {
      deps.log.warn({ peer: peer.iss, err: error.message }, 'a peer could not be asked for our checkpoint')
      return undefined
    })
}
