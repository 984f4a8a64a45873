import type { Test } from 'tap'
import { readAccessPage } from '../../src/access/access-feed.ts'
import { describeNode } from '../../src/describe-node.ts'
import { readPage } from '../../src/log/entries.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { listRecords } from '../../src/records.ts'
import { followPeer, type Pass } from '../../src/sync/follow-peer.ts'
import { findMirror, type Mirror } from '../../src/sync/mirror.ts'
import { observationsOf } from '../../src/sync/observations.ts'
import type { Peer, PeerCalls } from '../../src/sync/peer-calls.ts'
import { type Institute, type InstituteOptions, openInstitute } from './institute.ts'

/** Peers whose pins are never looked at, because nobody follows them. */
const pin = 'A'.repeat(43)
export const b = { iss: 'https://b.institute.example', baseUrl: 'https://b.institute.example', pin }
export const c = { iss: 'https://c.institute.example', baseUrl: 'https://c.institute.example', pin }

/** An institute that publishes, and what a follower needs to reach it. */
export interface Origin extends Institute {
  readonly peer: Peer
}

export async function openOrigin(t: Test, options: InstituteOptions = {}): Promise<Origin> {
  const institute = await openInstitute(t, { peers: [b, c], ...options })
  return { ...institute, peer: { iss: institute.iss, baseUrl: institute.iss, pin: institute.pin } }
}

/** An institute that follows `origin`, over calls which a test may change on their way. */
export interface Follower extends Institute {
  readonly origin: Origin
  calls: PeerCalls
}

export async function openFollower(t: Test, origin: Origin, options: InstituteOptions = {}): Promise<Follower> {
  const { iss = b.iss, peers = [] } = options
  const institute = await openInstitute(t, { ...options, iss, peers: [origin.peer, ...peers] })
  return { ...institute, origin, calls: callsTo(origin, { iss }) }
}

/** What `asker` gets from the origin's node, without the wire between them. */
export function callsTo({ deps }: Institute, asker: { iss: string }): PeerCalls {
  return {
    fetchEntries: async ({ from, limit }) => ({ ...(await readPage(deps, asker, { from, limit })), bytes: 0 }),
    fetchAccess: (from) => readAccessPage(deps, asker, from),
    fetchNodeDocument: () => describeNode(deps),
    fetchObservations: (about) => observationsOf(deps, about),
    fetchHeldCheckpoint: async () => undefined,
    notify: async () => {},
    search: async () => ({ answer: '', hits: [] }),
    close: async () => {},
  }
}

/** One pass over the origin's log, and what came of it into the projection. */
export async function follow({ deps, origin, calls }: Follower, options: { resume?: boolean } = {}): Promise<Pass> {
  const pass = await followPeer(deps, origin.peer, calls, { waitSeconds: 0, ...options })
  await projectAll(deps)
  return pass
}

export async function mirrorOf({ deps, origin }: Follower): Promise<Mirror> {
  return (await findMirror(deps.db, origin.peer)) as Mirror
}

/** Positions of the origin's observations that staff of the follower see, ascending. */
export async function seenBy({ deps, origin }: Follower): Promise<number[]> {
  const staff = { kind: 'person', subject: 'ada', staff: true } as const
  const filters = { iss: origin.iss, type: 'observation' }
  const { items } = await listRecords(deps, staff, { filters, limit: 200 })
  return items.map(({ position }) => position).sort((x, y) => x - y)
}
