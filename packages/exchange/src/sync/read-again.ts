import { encodeBase64url, type GatedEntry, type Keyset, limits, ProtocolError } from '@concordance/protocol'
import { announceAccess } from '../access/start-access.ts'
import { inTransaction } from '../database/in-transaction.ts'
import type { Deps } from '../deps.ts'
import { requireConsistent } from './compare-coverage.ts'
import type { Conversation } from './follow-access.ts'
import type { Mirror } from './mirror.ts'
import { reportVersionConflicts } from './report-versions.ts'
import { hideEntries, storeOpenings } from './store-openings.ts'
import { SyncError } from './sync-error.ts'
import { type VerifiedEntries, verifyEntries } from './verify-page.ts'

/**
 * Fetches a page of entries that we hold already, and verifies it like any other: through the one gate, with the keyset
 * in force there, and with every leaf the one that is stored here.
 *
 * @throws {SyncError | ProtocolError} when the page is not what it says.
 */
export async function readAgain(
  deps: Deps,
  mirror: Mirror,
  asked: { from: number; limit: number },
  { calls, expect, signal }: Conversation,
): Promise<VerifiedEntries> {
  const limit = Math.min(asked.limit, limits.pageEntries)
  const page = await calls.fetchEntries({ from: asked.from, limit, waitSeconds: 0, ...(signal && { signal }) })
  const keyset = await findInForce(deps, mirror, asked.from)
  const verified = await verifyEntries(mirror, page, { from: asked.from, keyset }, expect)
  await requireSameLeaves(deps, mirror, asked.from, verified.entries)
  await requireKnownKeysets(deps, mirror, verified.entries)
  await requireConsistent(deps, mirror, verified.coverageJws)
  return verified
}

/**
 * Reads the whole log again, page by page, after our rights changed all over: opens what is open to us now, hides what is
 * not any more. Goes on where it was interrupted.
 *
 * @returns how many entries were opened or closed.
 */
export async function rereadLog(deps: Deps, mirror: Mirror, conversation: Conversation): Promise<number> {
  let changed = 0
  for (let from = mirror.rereadFrom; from !== undefined; ) {
    if (from >= mirror.size) return changed + (await storePage(deps, mirror, { from, next: null }))
    const page: VerifiedEntries = await readAgain(deps, mirror, { from, limit: mirror.size - from }, conversation)
    const { to } = page.coverage
    const next = to < mirror.size ? to : null
    changed += await storePage(deps, mirror, { from, next, page })
    await reportVersionConflicts(deps, { log: mirror.log, from, to })
    from = next ?? undefined
  }
  return changed
}

async function storePage(
  deps: Deps,
  mirror: Mirror,
  { from, next, page }: { from: number; next: number | null; page?: VerifiedEntries },
): Promise<number> {
  const { changed, changesOurs } = await inTransaction(deps.pool, async (client) => {
    const { rowCount } = await client.query('update log set reread_from = $3 where id = $1 and reread_from = $2', [
      mirror.log,
      from,
      next,
    ])
    if (rowCount === 0) throw new SyncError('MOVED_ON', 'another pass reads this log again')
    if (!page) return { changed: 0, changesOurs: false }
    const opened = await storeOpenings(client, deps, mirror, page)
    const closed = await hideEntries(client, deps, mirror.log, await listClosed(client, mirror, page))
    return { changed: opened.changed + closed.changed, changesOurs: opened.changesOurs || closed.changesOurs }
  })
  if (changesOurs) await announceAccess(deps)
  return changed
}

/** What was open and is not on this page. Whatever the access feed says after the page may open it again. */
async function listClosed(
  client: { query(text: string, values: unknown[]): Promise<{ rows: { position: number }[] }> },
  { log }: Mirror,
  { entries, coverage }: VerifiedEntries,
) {
  const hashes = entries.flatMap(({ position, recordId }) => (recordId === undefined ? [position] : []))
  const { rows } = await client.query(
    'select position from entry where log = $1 and position = any ($2) and statement is not null',
    [log, hashes],
  )
  return rows.map(({ position }) => ({ position, seq: coverage.accessAt - 1 }))
}

async function findInForce({ db }: Deps, { iss, keysets }: Mirror, position: number): Promise<Keyset | undefined> {
  const row = await db
    .selectFrom('keyset')
    .select('seq')
    .where('iss', '=', iss)
    .where('position', '<', position)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && keysets.get(row.seq)
}

async function requireSameLeaves(
  { db }: Deps,
  { log }: Mirror,
  from: number,
  entries: readonly GatedEntry[],
): Promise<void> {
  const rows = await db
    .selectFrom('entry')
    .select(['position', 'leaf_hash'])
    .where('log', '=', log)
    .where('position', '>=', from)
    .where('position', '<', from + entries.length)
    .execute()
  const stored = new Map(rows.map(({ position, leaf_hash }) => [position, encodeBase64url(leaf_hash)]))
  const other = entries.find(({ position, leafHash }) => stored.get(position) !== encodeBase64url(leafHash))
  if (other) throw new SyncError('ROOT_MISMATCH', `the leaf at ${other.position} is not the one that was verified`)
}

/** Everything behind a keyset was judged by it; one that shows only now was held back. */
async function requireKnownKeysets({ db }: Deps, { iss }: Mirror, entries: readonly GatedEntry[]): Promise<void> {
  for (const { keyset, position } of entries) {
    if (!keyset) continue
    const known = await db
      .selectFrom('keyset')
      .select('seq')
      .where('iss', '=', iss)
      .where('seq', '=', keyset.document.seq)
      .where('position', '=', position)
      .executeTakeFirst()
    if (!known) throw new ProtocolError('KEYSET', `the keyset record at ${position} was held back`)
  }
}
