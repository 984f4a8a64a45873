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

/**
 * The configured peers that are active now, in the order of the configuration; one whose keys were never seen has no log.
 * One query for all of them, for it stands in every search's way.
 */
export async function listActiveLogs(
  deps: Pick<Deps, 'db' | 'pool' | 'peers'>,
): Promise<readonly { readonly peer: ConfiguredPeer; readonly log?: PeerLog }[]> {
  const configured = deps.peers.list()
  if (configured.length === 0) return []
  const { rows } = await deps.pool.query<ActiveRow>({
    name: 'list-active-logs',
    text: `select peer.iss, log.id as log, log.origin, log.state, log.size, newest.document
           from peer
           left join log on log.iss = peer.iss and not log.is_own
           left join lateral (select document from keyset where keyset.iss = log.iss order by seq desc limit 1) newest on true
           where peer.iss = any ($1) and peer.state = 'active'`,
    values: [configured.map(({ iss }) => iss)],
  })
  const active = new Map(rows.map((row) => [row.iss, row]))
  const logs = configured.map(async (peer) => {
    const row = active.get(peer.iss)
    const log = row && (await findLog(deps, peer, row))
    return row ? [{ peer, ...(log && { log }) }] : []
  })
  return (await Promise.all(logs)).flat()
}

type LogRow = Omit<PeerLog, 'keyset'> & { readonly document: string }

/** All of a log is null where none is known. */
type ActiveRow = Pick<LogRow, 'iss'> & { readonly [Name in keyof LogRow]: LogRow[Name] | null }

async function findLog(
  deps: Pick<Deps, 'db'>,
  peer: ConfiguredPeer,
  { document, log, origin, state, size }: ActiveRow,
): Promise<PeerLog | undefined> {
  if (document === null || log === null || origin === null || state === null || size === null) return undefined
  const keyset = await findKeyset(deps, peer, document)
  return keyset && { log, iss: peer.iss, origin, state, size, keyset }
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
