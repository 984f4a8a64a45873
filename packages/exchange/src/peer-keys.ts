import { type Keyset, type VerifyKey, verifyKeyset } from '@concordance/protocol'
import type { ConfiguredPeer, Deps } from './deps.ts'

/*
 * A request names its key before its signature is verified, so anybody can ask for any key of any peer. What that costs is
 * bounded for each peer: reads of the database by how long an answer is remembered, questions to the peer by a pause.
 */

/** How long a key that was found stays good here. */
const rememberedMs = 2_000
/** How long a key that was not found is not looked for again: it may have been stored by another process. */
const missingMs = 150
/** Between two times that a peer is asked for the keys it has. */
const askAgainMs = 5_000

/**
 * The request key `kid` of an active peer, from the newest keyset document verified here; undefined where the peer is
 * not active, or shows no such key. The peer is then asked for its document soon.
 */
export async function findPeerKey(deps: Deps, iss: string, kid: string): Promise<VerifyKey | undefined> {
  const peer = deps.peers.find(iss)
  if (!peer) return undefined
  const find = async (maxAgeMs: number) => (await recallKeyset(deps, peer, maxAgeMs))?.findKey(kid, 'request')
  const key = (await find(rememberedMs)) ?? (await find(missingMs))
  if (!key) askForKeyset(deps, iss)
  return key
}

/** Lets the next request of a peer be judged by what the database holds then. */
export function forgetKeys(db: Deps['db'], iss: string): void {
  memoryOf(db).read.delete(iss)
}

interface KeyMemory {
  /** By peer. A promise, so that requests that come at once share one read. */
  readonly read: Map<string, { readonly keyset: Promise<Keyset | undefined>; readonly atMs: number }>
  /** When each peer was last asked, in milliseconds since the epoch. */
  readonly askedAtMs: Map<string, number>
}

const memories = new WeakMap<Deps['db'], KeyMemory>()

/** One memory a database, so that several nodes can live in one process. */
function memoryOf(db: Deps['db']): KeyMemory {
  const memory = memories.get(db) ?? { read: new Map(), askedAtMs: new Map() }
  memories.set(db, memory)
  return memory
}

function recallKeyset(deps: Deps, peer: ConfiguredPeer, maxAgeMs: number): Promise<Keyset | undefined> {
  const { read } = memoryOf(deps.db)
  const atMs = deps.now().getTime()
  const known = read.get(peer.iss)
  if (known && atMs - known.atMs < maxAgeMs) return known.keyset
  const keyset = findNewestKeyset(deps, peer)
  keyset.catch(() => forgetKeys(deps.db, peer.iss)) // whoever asked hears of it; the next one reads again
  read.set(peer.iss, { keyset, atMs })
  return keyset
}

function askForKeyset({ db, now, wake }: Deps, iss: string): void {
  const { askedAtMs } = memoryOf(db)
  const nowMs = now().getTime()
  if (nowMs - (askedAtMs.get(iss) ?? 0) <= askAgainMs) return
  askedAtMs.set(iss, nowMs)
  wake.announce(`hint:${iss}`, nowMs)
}

async function findNewestKeyset({ db }: Deps, { iss, pin }: ConfiguredPeer): Promise<Keyset | undefined> {
  const active = await db
    .selectFrom('peer')
    .select('iss')
    .where('iss', '=', iss)
    .where('state', '=', 'active')
    .execute()
  if (active.length === 0) return undefined
  const rows = await db.selectFrom('keyset').select('document').where('iss', '=', iss).orderBy('seq').execute()
  let newest: Keyset | undefined
  for (const { document } of rows) newest = verifyKeyset(document, { iss, pin, ...(newest && { previous: newest }) })
  return newest
}
