import { LogError } from '@concordance/log'
import { type Keyset, limits, ProtocolError, verifyNodeDocument } from '@concordance/protocol'
import { announceAccess } from '../access/start-access.ts'
import type { Deps } from '../deps.ts'
import { type Conversation, followAccess } from './follow-access.ts'
import { createMirror, findMirror, type Mirror, storeKeyset } from './mirror.ts'
import type { EntriesPage, Peer, PeerCalls } from './peer-calls.ts'
import { rereadLog } from './read-again.ts'
import { discardStaging, keepFresherCheckpoint, stagePage, type Target } from './stage-page.ts'
import { freeze, holdMirror, stopAsUnverifiable } from './stop-peer.ts'
import { MisconductFound, SyncError } from './sync-error.ts'
import { verifyPage } from './verify-page.ts'

export interface FollowOptions {
  /** How long the peer may keep us waiting for a first new entry; 0 asks for what there is. */
  readonly waitSeconds: number
  /** Take up a peer again that was stopped as unverifiable. A frozen one stays frozen. */
  readonly resume?: boolean
  readonly signal?: AbortSignal
}

/** What a pass over one peer's log came to. */
export interface Pass {
  readonly state: Mirror['state']
  /** Entries verified by this pass. */
  readonly verified: number
  /** Entries verified before that were opened or closed to us. */
  readonly changed: number
  /** Verified size afterwards. */
  readonly size: number
  /** Bytes of pages received. */
  readonly bytes: number
}

/**
 * One pass over a peer's log: from where the last one stopped to the newest checkpoint. Safe to repeat and to
 * interrupt: every page is one transaction, and nothing is shown before its root was compared.
 *
 * An answer that does not verify is discarded and fetched once more; a second failure stops the peer as
 * unverifiable. Contradicting signatures of the peer freeze it at once and are kept as evidence.
 *
 * @throws the client's error when the peer cannot be reached; the mirror is as it was.
 */
export async function followPeer(deps: Deps, peer: Peer, calls: PeerCalls, options: FollowOptions): Promise<Pass> {
  const mirror = await openMirror(deps, peer, calls, options.signal)
  const stopped = mirror.state === 'frozen' || (mirror.state === 'unverifiable' && !options.resume)
  if (stopped) return nothingNew(mirror, mirror.state)
  try {
    return await walk(deps, peer, calls, options)
  } catch (first) {
    if (first instanceof MisconductFound) return freeze(deps, mirror, first.bundle)
    if (!isUnverified(first)) throw first
    if (first.code === 'MOVED_ON') return nothingNew(mirror, 'following')
    deps.log.warn({ peer: peer.iss, code: first.code }, 'page discarded, fetching once more')
    await discardStaging(deps.pool, mirror.log)
    return walkAgain(deps, peer, calls, options)
  }
}

function nothingNew({ size }: Mirror, state: Mirror['state']): Pass {
  return { state, verified: 0, changed: 0, size, bytes: 0 }
}

async function walkAgain(deps: Deps, peer: Peer, calls: PeerCalls, options: FollowOptions): Promise<Pass> {
  const mirror = await openMirror(deps, peer, calls, options.signal)
  try {
    return await walk(deps, peer, calls, options)
  } catch (second) {
    if (second instanceof MisconductFound) return freeze(deps, mirror, second.bundle)
    if (!isUnverified(second)) throw second
    if (second.code === 'MOVED_ON') return nothingNew(mirror, 'following')
    await discardStaging(deps.pool, mirror.log)
    if (second.code === 'KEYSET') return holdMirror(deps, mirror, second.code)
    return stopAsUnverifiable(deps, mirror, calls, second.code)
  }
}

/** Fetches, verifies and stages page after page until the first checkpoint seen is reached. */
async function walk(deps: Deps, peer: Peer, calls: PeerCalls, options: FollowOptions): Promise<Pass> {
  let mirror = await openMirror(deps, peer, calls, options.signal)
  const { size: start, state: before } = mirror
  let target: Target | undefined
  let bytes = 0
  let changed = 0
  const pages = new PageReader(calls, options, mirror.accessAt)
  for (;;) {
    const from = mirror.staged.size
    const page = await pages.next(from, target)
    bytes += page.bytes
    const conversation = converse(deps, mirror, calls, options.signal)
    const verified = await verifyPage(mirror, page, conversation.expect)
    // Before the page is stored: what it was authorised after has then happened here too.
    const access = await followAccess(deps, mirror, verified.coverage.accessAt, conversation)
    changed += access.changed
    mirror = { ...mirror, accessAt: access.accessAt, rereadFrom: access.rereadFrom }
    if (page.entries.length === 0) {
      await keepFresherCheckpoint(deps.pool, mirror, verified)
      break
    }
    target ??= { size: verified.checkpoint.size, root: verified.checkpoint.root }
    const { reached, changesOurs } = await stagePage(deps, mirror, verified, target)
    if (changesOurs) await announceAccess(deps)
    mirror = {
      ...mirror,
      size: reached ? verified.frontier.size : mirror.size,
      staged: verified.frontier,
      inForce: verified.keyset,
      newest: { checkpoint: verified.checkpoint, compact: verified.checkpointJws },
      state: 'following',
    }
    if (reached) break
  }
  await pages.close()
  changed += await rereadLog(deps, mirror, converse(deps, mirror, calls, options.signal))
  if (before !== 'following') await markFollowing(deps, mirror)
  return { state: 'following', verified: mirror.size - start, changed, size: mirror.size, bytes }
}

/**
 * Fewer than a page may have: two are in memory at a time, parsed and verified, and their signatures cost little beside
 * those of the entries. The first page, mostly the only one and short, is asked for without a limit: a word less on the wire.
 */
const pageEntries = 500

/**
 * Reads pages in order and asks for the next one while the caller still verifies the current one. The page ahead is
 * asked for at the place where a full page would end; where the page was shorter, what came is dropped.
 */
class PageReader {
  private readonly calls: PeerCalls
  private readonly options: FollowOptions
  /** As the walk began: a wait is only ever for the first page. */
  private readonly accessAt: number
  private ahead: { from: number; page: Promise<EntriesPage> } | undefined

  constructor(calls: PeerCalls, options: FollowOptions, accessAt: number) {
    this.calls = calls
    this.options = options
    this.accessAt = accessAt
  }

  async next(from: number, target: Target | undefined): Promise<EntriesPage> {
    const limit = target ? Math.min(pageEntries, target.size - from) : limits.pageEntries
    const page =
      (await this.takeAhead(from, limit)) ?? (await this.fetch(from, limit, target ? 0 : this.options.waitSeconds))
    if (page.entries.length === limit) this.ask(from + limit, target)
    return page
  }

  /** Waits for a page nobody needs any more, so that no answer arrives after the pass has ended. */
  async close(): Promise<void> {
    await this.ahead?.page.catch(() => undefined) // unneeded: whatever went wrong with it is not our concern
  }

  private async takeAhead(from: number, limit: number): Promise<EntriesPage | undefined> {
    const ahead = this.ahead
    this.ahead = undefined
    const page = await ahead?.page
    return ahead?.from === from && page && page.entries.length <= limit ? page : undefined
  }

  private ask(from: number, target: Target | undefined): void {
    const limit = target ? Math.min(pageEntries, target.size - from) : pageEntries
    if (limit <= 0) return
    const page = this.fetch(from, limit, 0)
    page.catch(() => undefined) // awaited by `next` or `close`
    this.ahead = { from, page }
  }

  private fetch(from: number, limit: number, waitSeconds: number): Promise<EntriesPage> {
    const { accessAt } = this
    const { signal } = this.options
    return this.calls.fetchEntries({ from, limit, waitSeconds, accessAt, ...(signal && { signal }) })
  }
}

async function openMirror(deps: Deps, peer: Peer, calls: PeerCalls, signal?: AbortSignal): Promise<Mirror> {
  const known = await findMirror(deps.db, peer)
  if (known && known.keysets.size > 0) return known
  const keyset = await fetchKeyset(deps, peer, undefined, calls, signal)
  await createMirror(deps.db, peer, keyset)
  await storeKeyset(deps.db, peer.iss, keyset)
  // From now on we can tell who the peer is, which it may have been waiting for.
  await calls.notify(deps.wake.latest(`log:${deps.identity.iss}`)).catch(() => undefined) // a hint
  return (await findMirror(deps.db, peer)) as Mirror
}

function converse(deps: Deps, mirror: Mirror, calls: PeerCalls, signal?: AbortSignal): Conversation {
  return { calls, expect: expectationOf(deps, mirror, calls, signal), signal }
}

function expectationOf(deps: Deps, mirror: Mirror, calls: PeerCalls, signal?: AbortSignal) {
  const nowSeconds = Math.floor(deps.now().getTime() / 1000)
  const getKeyset = async (seq: number): Promise<Keyset> => {
    const known = mirror.keysets.get(seq)
    if (known) return known
    const fetched = await fetchKeyset(deps, mirror, mirror, calls, signal)
    if (fetched.document.seq !== seq) throw new SyncError('KEYSET_UNKNOWN', `keyset ${seq} is not shown by the peer`)
    await storeKeyset(deps.db, mirror.iss, fetched)
    mirror.keysets.set(seq, fetched)
    return fetched
  }
  return { me: deps.identity.iss, nowSeconds, getKeyset }
}

async function fetchKeyset(
  deps: Deps,
  { iss, pin }: { iss: string; pin: string },
  mirror: Mirror | undefined,
  calls: PeerCalls,
  signal?: AbortSignal,
): Promise<Keyset> {
  const previous = mirror && [...mirror.keysets.values()].at(-1)
  const compact = await calls.fetchNodeDocument(signal)
  const { keyset } = verifyNodeDocument(compact, { pin, iss, ...(previous && { previous }) })
  const same = mirror?.keysets.get(keyset.document.seq)
  if (mirror && same && same.digest !== keyset.digest) {
    const { origin, keysets } = mirror
    const documents = [same.compact, keyset.compact] as const
    const chain = [...keysets.values()].map((known) => known.compact)
    throw new MisconductFound({ v: 1, kind: 'two-keysets', iss, origin, keysets: chain, documents })
  }
  deps.log.info({ peer: iss, seq: keyset.document.seq }, 'keyset document verified')
  return keyset
}

async function markFollowing({ db }: Deps, mirror: Mirror): Promise<void> {
  await db
    .updateTable('log')
    .set({ state: 'following', state_reason: null })
    .where('id', '=', mirror.log)
    .where('state', 'in', ['held', 'unverifiable'])
    .execute()
}

/** What is from another time is no corruption: a clock is wrong, or a replica lags. It is asked for again later. */
function isUnverified(error: unknown): error is SyncError | ProtocolError | LogError {
  if (error instanceof SyncError) return error.code !== 'CHECKPOINT_TIME' && error.code !== 'ACCESS_BEHIND'
  return error instanceof ProtocolError || error instanceof LogError
}
