import { type AccessItem, limits, verifyAccessPage } from '@concordance/protocol'
import type pg from 'pg'
import { announceAccess } from '../access/start-access.ts'
import { inTransaction } from '../database/in-transaction.ts'
import type { Deps } from '../deps.ts'
import type { Mirror } from './mirror.ts'
import type { PeerCalls } from './peer-calls.ts'
import { readAgain } from './read-again.ts'
import { reportVersionConflicts } from './report-versions.ts'
import { hideEntries, nothingReopened, type Reopened, storeOpenings } from './store-openings.ts'
import { SyncError } from './sync-error.ts'
import type { PageExpectation } from './verify-page.ts'

/** A peer, and what its answers are held against. */
export interface Conversation {
  readonly calls: PeerCalls
  readonly expect: PageExpectation
  readonly signal?: AbortSignal | undefined
}

/** Where a mirror stands with its access feed. */
export type AccessState = Pick<Mirror, 'accessAt' | 'rereadFrom'> & {
  /** Entries that were opened or closed. */
  readonly changed: number
}

/**
 * Reads the access feed that a peer keeps for us from where we are up to, not including, item `upTo`, and does what each
 * item says, in order: hides what was revoked, fetches and stores what was granted, notes that the log is to be read again.
 * Effects and cursor are one transaction, so it may be killed anywhere and repeated. Positions beyond what is staged are
 * left to the pages that will bring them, which are authorised later.
 *
 * @throws {SyncError} `ACCESS`, `ACCESS_BEHIND`, `MOVED_ON`; the codes of `verifyAccessPage` and `verifyEntries`.
 */
export async function followAccess(
  deps: Deps,
  mirror: Mirror,
  upTo: number,
  conversation: Conversation,
): Promise<AccessState> {
  let { accessAt, rereadFrom } = mirror
  let changed = 0
  while (accessAt < upTo) {
    const items = await fetchItems(mirror, accessAt, conversation)
    // The newest items may speak of entries that no checkpoint covers yet; they come with the next one.
    if (items.length === 0) break
    for (const batch of batchesOf(items.slice(0, upTo - accessAt), accessAt)) {
      changed += await applyBatch(deps, mirror, batch, conversation)
      if (batch.kind === 'reset') rereadFrom = 0
      accessAt = batch.from + batch.length
    }
  }
  return { accessAt, rereadFrom, changed }
}

async function fetchItems(
  mirror: Mirror,
  from: number,
  { calls, expect, signal }: Conversation,
): Promise<readonly AccessItem[]> {
  const newest = [...mirror.keysets.values()].at(-1)
  if (!newest) throw new SyncError('KEYSET_UNKNOWN', 'no keyset document of the peer is known')
  const page = verifyAccessPage(await calls.fetchAccess(from, signal), newest)
  if (page.peer !== expect.me) throw new SyncError('ACCESS', 'the access feed is that of another peer')
  if (page.from !== from) throw new SyncError('ACCESS', `the access feed goes on at ${page.from}, not at ${from}`)
  if (page.iat > expect.nowSeconds + limits.skewSeconds) {
    throw new SyncError('CHECKPOINT_TIME', `the access feed is from ${page.iat}, ahead of our clock`)
  }
  return page.items
}

/** Consecutive items that one transaction applies. */
interface Batch {
  readonly kind: AccessItem['kind']
  /** Place of the first item in the feed. */
  readonly from: number
  readonly length: number
  /** One an item, except for `reset`; of `granted` consecutive ones, which one page can hold. */
  readonly positions: readonly number[]
}

function batchesOf(items: readonly AccessItem[], from: number): Batch[] {
  const batches: Batch[] = []
  for (const [index, item] of items.entries()) {
    const last = batches.at(-1)
    if (last && continues(last, item)) batches[batches.length - 1] = joined(last, item)
    else batches.push(joined({ kind: item.kind, from: from + index, length: 0, positions: [] }, item))
  }
  return batches
}

function continues({ kind, positions }: Batch, item: AccessItem): boolean {
  if (item.kind !== kind) return false
  return item.kind !== 'granted' || item.position === (positions.at(-1) ?? 0) + 1
}

function joined({ kind, from, length, positions }: Batch, item: AccessItem): Batch {
  return { kind, from, length: length + 1, positions: item.kind === 'reset' ? [] : [...positions, item.position] }
}

async function applyBatch(deps: Deps, mirror: Mirror, batch: Batch, conversation: Conversation): Promise<number> {
  if (batch.kind === 'granted') return fetchGranted(deps, mirror, batch, conversation)
  const closed = batch.positions
    .map((position, index) => ({ position, seq: batch.from + index }))
    .filter(({ position }) => position < mirror.staged.size)
  return move(deps, mirror, batch, async (client) => {
    if (batch.kind === 'reset') await client.query('update log set reread_from = 0 where id = $1', [mirror.log])
    return hideEntries(client, deps, mirror.log, closed)
  })
}

/** One page may hold less than what was granted; the rest is asked for again. */
async function fetchGranted(deps: Deps, mirror: Mirror, batch: Batch, conversation: Conversation): Promise<number> {
  const { from, length, positions } = batch
  const [first = 0] = positions
  const held = Math.min(length, mirror.staged.size - first)
  let changed = 0
  let done = 0
  while (done < held) {
    const asked = { from: first + done, limit: held - done }
    const page = await readAgain(deps, mirror, asked, conversation)
    const part = { from: from + done, length: page.entries.length }
    if (page.coverage.accessAt < part.from + part.length) {
      throw new SyncError('ACCESS_BEHIND', `authorised before item ${part.from + part.length - 1} of the access feed`)
    }
    changed += await move(deps, mirror, part, (client) => storeOpenings(client, deps, mirror, page))
    await reportVersionConflicts(deps, { log: mirror.log, from: page.coverage.from, to: page.coverage.to })
    done += part.length
  }
  if (done < length) await move(deps, mirror, { from: from + done, length: length - done })
  return changed
}

/** Moves the cursor over items together with their effect. */
async function move(
  deps: Deps,
  { log }: Mirror,
  { from, length }: Pick<Batch, 'from' | 'length'>,
  effect: (client: pg.ClientBase) => Promise<Reopened> = async () => nothingReopened,
): Promise<number> {
  const { changed, changesOurs } = await inTransaction(deps.pool, async (client) => {
    const { rowCount } = await client.query('update log set access_at = $3 where id = $1 and access_at = $2', [
      log,
      from,
      from + length,
    ])
    if (rowCount === 0) throw new SyncError('MOVED_ON', 'another pass has read this part of the access feed')
    return effect(client)
  })
  if (changesOurs) await announceAccess(deps)
  return changed
}
