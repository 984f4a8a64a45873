import { setTimeout as sleep } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { listActivePeers } from '../peers.ts'
import type { LateWaits } from '../search/late-waits.ts'
import { compareKept, comparePeer } from './compare-peers.ts'
import { followPeer, type Pass } from './follow-peer.ts'
import type { Peer, PeerCalls } from './peer-calls.ts'
import { openPeerLocks, type PeerLocks } from './peer-locks.ts'

export interface SyncOptions {
  /** How long a peer may hold our request open while it has nothing new. */
  readonly waitSeconds: number
  /** Between two rounds of comparing what the peers saw of each other. */
  readonly compareEveryMs: number
  /** Pause after a failed pass; doubles up to `longestPauseMs`. */
  readonly shortestPauseMs: number
  readonly longestPauseMs: number
}

export const defaultSyncOptions: SyncOptions = {
  waitSeconds: 25,
  compareEveryMs: 60_000,
  shortestPauseMs: 1_000,
  longestPauseMs: 60_000,
}

export interface SyncDeps extends Deps {
  readonly callPeer: (peer: Peer) => PeerCalls
  readonly lateWaits: LateWaits
}

export interface RunningSync {
  /** Ends every loop after the transaction at hand. */
  stop(): Promise<void>
}

/**
 * Follows every active peer until stopped: one loop a peer, single across all processes on the database (an advisory
 * lock), plus one loop that compares. A hint (`hint:<iss>`) ends a pause at once.
 */
export function startSync(deps: SyncDeps, options: SyncOptions = defaultSyncOptions): RunningSync {
  const stopping = new AbortController()
  const { signal } = stopping
  const locks = openPeerLocks(deps)
  const loops = deps.peers.list().map((peer) => followLoop(deps, locks, peer, options, signal))
  loops.push(compareLoop(deps, options, signal))
  return {
    async stop() {
      stopping.abort()
      await Promise.all(loops)
      await locks.release()
    },
  }
}

/**
 * One pass over every active peer, or over one, then one round of comparing. Takes up peers that were stopped as
 * unverifiable again: this is what an operator asks for by hand.
 */
export async function syncNow(deps: SyncDeps, iss?: string, signal?: AbortSignal): Promise<void> {
  for (const peer of await listActivePeers(deps)) {
    if (iss !== undefined && peer.iss !== iss) continue
    await attempt(deps, peer, () =>
      followPeer(deps, peer, deps.callPeer(peer), { waitSeconds: 0, resume: true, ...(signal && { signal }) }),
    )
  }
  await compareAll(deps, signal)
}

/** One round of comparing with every active peer; a peer that cannot be reached is left for the next round. */
export async function compareAll(deps: SyncDeps, signal?: AbortSignal): Promise<void> {
  const peers = await listActivePeers(deps)
  for (const peer of peers) await attempt(deps, peer, () => compareKept(deps, peer))
  for (const peer of peers) {
    await attempt(deps, peer, () => comparePeer(deps, peer, deps.callPeer(peer), peers, signal))
  }
}

async function followLoop(
  deps: SyncDeps,
  locks: PeerLocks,
  peer: Peer,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = options.shortestPauseMs
  // Until a peer has answered, it is asked what there is: held open, the request would leave it in doubt whether it is there.
  let waitSeconds = 0
  while (!signal.aborted) {
    const heard = deps.wake.latest(`hint:${peer.iss}`)
    const started = performance.now()
    const pass = await followOnce(deps, locks, peer, waitSeconds, signal)
    if (signal.aborted) return
    waitSeconds = pass ? options.waitSeconds : 0
    if (pass && pass.verified + pass.changed > 0) {
      pauseMs = options.shortestPauseMs
      deps.wake.announce(`log:${peer.iss}`, pass.size)
      continue
    }
    // A peer that holds our request open has made us wait already; one that answers at once with nothing is not asked again at once.
    const waited = performance.now() - started >= options.shortestPauseMs
    if (pass?.state === 'following' && waited) continue
    await deps.wake.wait(`hint:${peer.iss}`, heard, jittered(pauseMs), signal)
    pauseMs = Math.min(pauseMs * 2, options.longestPauseMs)
  }
}

async function followOnce(
  deps: SyncDeps,
  locks: PeerLocks,
  peer: Peer,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<Pass | undefined> {
  return attempt(deps, peer, async () => {
    const ours = (await isActive(deps, peer)) && (await locks.hold(peer.iss))
    return ours ? followPeer(deps, peer, deps.callPeer(peer), { waitSeconds, signal }) : undefined
  })
}

/** The first round comes soon: what happened while this node was away is compared before anything else matters. */
async function compareLoop(deps: SyncDeps, options: SyncOptions, signal: AbortSignal): Promise<void> {
  let pauseMs = Math.min(options.compareEveryMs, 1_000)
  while (!signal.aborted) {
    await sleep(jittered(pauseMs), undefined, { signal }).catch(() => undefined) // only ever rejects by our own abort
    if (signal.aborted) return
    await compareAll(deps, signal).catch((error) => deps.log.error({ err: error }, 'a round of comparing failed'))
    pauseMs = options.compareEveryMs
  }
}

/** Runs work for a peer and notes why it failed, if it did: a peer's fault never ends a loop. */
async function attempt<Result>(deps: Deps, peer: Peer, work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL'
    deps.log.warn({ peer: peer.iss, code, err: code === 'INTERNAL' ? error : undefined }, 'pass over a peer failed')
    await noteFailure(deps, peer, code)
    return undefined
  }
}

async function noteFailure(deps: Deps, peer: Peer, code: string): Promise<void> {
  try {
    await deps.db
      .updateTable('peer')
      .set({ last_error: code, last_error_at: deps.now() })
      .where('iss', '=', peer.iss)
      .execute()
  } catch (error) {
    deps.log.error({ peer: peer.iss, err: error }, 'could not note why a pass failed')
  }
}

async function isActive(deps: Deps, peer: Peer): Promise<boolean> {
  return (await listActivePeers(deps)).some(({ iss }) => iss === peer.iss)
}

function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2)
}
