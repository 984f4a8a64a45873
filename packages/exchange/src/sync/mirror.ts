import { type Checkpoint, decodeFrontier, type Frontier, verifyCheckpoint } from '@concordance/log'
import { type Keyset, verifyKeyset } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type { LogState, Tables } from '../database/tables.ts'
import { forgetKeys } from '../peer-keys.ts'
import type { Peer } from './peer-calls.ts'

/** Our copy of a peer's log: verified below `size`, staged below `staged.size`. */
export interface Mirror {
  readonly log: number
  readonly iss: string
  readonly origin: string
  readonly pin: string
  readonly state: LogState
  readonly size: number
  readonly staged: Frontier
  /** Items applied of the access feed that the peer keeps for us. */
  readonly accessAt: number
  /** Position to read the log again from, since our rights changed all over; undefined when there is nothing to do. */
  readonly rereadFrom: number | undefined
  /** Every keyset document known of the peer, by sequence number; one that is fetched on the way is added. */
  readonly keysets: Map<number, Keyset>
  /** In force for the next staged position: the last one the log holds. Undefined before position 0. */
  readonly inForce: Keyset | undefined
  /** Newest checkpoint of the peer that was verified, and its compact form. */
  readonly newest: { readonly checkpoint: Checkpoint; readonly compact: string } | undefined
}

/** The copy of `peer`'s log as it is stored; undefined before its keyset document was first seen. */
export async function findMirror(db: Kysely<Tables>, peer: Peer): Promise<Mirror | undefined> {
  const log = await db.selectFrom('log').selectAll().where('iss', '=', peer.iss).executeTakeFirst()
  if (!log) return undefined
  const { keysets, inForce } = await listKeysets(db, peer)
  return {
    log: log.id,
    iss: log.iss,
    origin: log.origin,
    pin: peer.pin,
    state: log.state,
    size: log.size,
    staged: decodeFrontier(log.staged_size, log.staged_frontier),
    accessAt: log.access_at,
    rereadFrom: log.reread_from ?? undefined,
    keysets,
    inForce,
    newest: await findNewestCheckpoint(db, peer, keysets),
  }
}

/** Starts a copy under the origin that the peer's root-signed keyset document names. Starting again changes nothing. */
export async function createMirror(db: Kysely<Tables>, peer: Peer, keyset: Keyset): Promise<void> {
  await db
    .insertInto('log')
    .values({ origin: keyset.document.origin, iss: peer.iss, state_reason: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Keeps a keyset document that verified; requests under its keys are answered from now on. */
export async function storeKeyset(db: Kysely<Tables>, iss: string, keyset: Keyset, position?: number): Promise<void> {
  await db
    .insertInto('keyset')
    .values({ iss, seq: keyset.document.seq, document: keyset.compact, position: position ?? null })
    .onConflict((conflict) =>
      position === undefined
        ? conflict.columns(['iss', 'seq']).doNothing()
        : conflict.columns(['iss', 'seq']).doUpdateSet({ position }),
    )
    .execute()
  forgetKeys(db, iss)
}

async function listKeysets(db: Kysely<Tables>, peer: Peer) {
  const rows = await db.selectFrom('keyset').selectAll().where('iss', '=', peer.iss).orderBy('seq').execute()
  const keysets = new Map<number, Keyset>()
  let previous: Keyset | undefined
  let inForce: Keyset | undefined
  for (const row of rows) {
    previous = verifyKeyset(row.document, { pin: peer.pin, iss: peer.iss, ...(previous && { previous }) })
    keysets.set(row.seq, previous)
    if (row.position !== null) inForce = previous
  }
  return { keysets, inForce }
}

async function findNewestCheckpoint(db: Kysely<Tables>, peer: Peer, keysets: ReadonlyMap<number, Keyset>) {
  const row = await db.selectFrom('peer').select('checkpoint').where('iss', '=', peer.iss).executeTakeFirst()
  if (!row?.checkpoint) return undefined
  const newestKeyset = [...keysets.values()].at(-1)
  if (!newestKeyset) return undefined
  return { checkpoint: verifyCheckpoint(row.checkpoint, newestKeyset), compact: row.checkpoint }
}
