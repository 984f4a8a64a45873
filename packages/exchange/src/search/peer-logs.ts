import { type Keyset, verifyKeyset } from '@concordance/protocol'
import type { LogState } from '../database/tables.ts'
import type { ConfiguredPeer, Deps } from '../deps.ts'
import { findMirror } from '../sync/mirror.ts'

/** What of our copy of a peer's log a search has to know. */
export interface PeerLog {
  readonly log: number
  readonly iss: string
  readonly origin: string
  readonly state: LogState
  /** Verified entries. */
  readonly size: number
  /** The newest keyset document that is known. */
  readonly keyset: Keyset
}

/** By entity id; a peer whose keys were never seen has none. One query for all of them, for it stands in every search's way. */
export async function listPeerLogs(
  deps: Pick<Deps, 'db' | 'pool'>,
  peers: readonly ConfiguredPeer[],
): Promise<ReadonlyMap<string, PeerLog>> {
  if (peers.length === 0) return new Map()
  const { rows } = await deps.pool.query<Omit<PeerLog, 'keyset'> & { document: string }>({
    name: 'list-peer-logs',
    text: `select log.id as log, log.iss, log.origin, log.state, log.size, newest.document
           from log
           join lateral (select document from keyset where keyset.iss = log.iss order by seq desc limit 1) newest on true
           where log.iss = any ($1) and not log.is_own`,
    values: [peers.map(({ iss }) => iss)],
  })
  const logs = new Map<string, PeerLog>()
  for (const { document, ...row } of rows) {
    const peer = peers.find(({ iss }) => iss === row.iss)
    const keyset = peer && (await findKeyset(deps, peer, document))
    if (keyset) logs.set(row.iss, { ...row, keyset })
  }
  return logs
}

/** The chain behind a document is verified once, and again when a newer one follows. */
async function findKeyset(
  { db }: Pick<Deps, 'db'>,
  peer: ConfiguredPeer,
  document: string,
): Promise<Keyset | undefined> {
  const known = verified.get(db) ?? new Map<string, Keyset>()
  verified.set(db, known)
  const before = known.get(peer.iss)
  if (before?.compact === document) return before
  const keyset = before ? continued(before, peer, document) : undefined
  const newest = keyset ?? [...((await findMirror(db, peer))?.keysets.values() ?? [])].at(-1)
  if (newest) known.set(peer.iss, newest)
  return newest
}

function continued(previous: Keyset, { iss, pin }: ConfiguredPeer, document: string): Keyset | undefined {
  try {
    return verifyKeyset(document, { iss, pin, previous })
  } catch {
    return undefined // more than one document has come since: the whole chain is read
  }
}

/** One memory a database, so that several nodes can live in one process. */
const verified = new WeakMap<Deps['db'], Map<string, Keyset>>()
