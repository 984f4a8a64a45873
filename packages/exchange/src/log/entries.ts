import {
  type Coverage,
  encodeBase64url,
  limits,
  openedDigestOf,
  type PageTrailer,
  positionsDigest,
  signCoverage,
  type WireEntry,
} from '@concordance/protocol'
import { type SqlBool, sql } from 'kysely'
import { lengthOfFeed } from '../access/access-feed.ts'
import { asViewer } from '../access/as-viewer.ts'
import { recordDelivery } from '../access/deliveries.ts'
import { ownIsOpenTo } from '../access/is-open-to.ts'
import type { PeerViewer } from '../access/may-open.ts'
import { getPeerViewer } from '../access/viewer.ts'
import { planIsKept } from '../database/keep-plans.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import type { WakeTopic } from '../wake.ts'
import { getSealedCheckpoint, type SealedCheckpoint } from './checkpoints.ts'

/** One page of our own log, as one peer may have it. */
export interface EntriesPage {
  readonly entries: readonly WireEntry[]
  readonly trailer: PageTrailer
  /** Positions every active peer is given: CLEAR or GREEN, never under an embargo. */
  readonly common: readonly number[]
  readonly size: number
}

/** What a line holds besides statement and body. */
const lineBytes = 160

/**
 * A page for one peer, from its rights as they are now, and never beyond the newest signed checkpoint. At most
 * `limit` entries or 4 MiB, at least one where there is any. What it opens is written to the delivery log before this returns.
 * Beyond the end of the log it is empty, and its checkpoint says where that end is.
 *
 * @param asked.limit 1 to 1,000.
 * @throws {ExchangeError} `forbidden` for a peer that is not active, `unavailable` before the first checkpoint.
 */
export async function readPage(
  deps: Deps,
  peer: { readonly iss: string },
  asked: { from: number; limit: number },
): Promise<EntriesPage> {
  const [sealed, viewer] = await Promise.all([getSealedCheckpoint(deps), getPeerViewer(deps, peer.iss)])
  const from = Math.min(asked.from, sealed.size)
  const to = Math.min(from + Math.min(asked.limit, limits.pageEntries), sealed.size)
  const { rows, accessAt } = await listRows(deps, viewer, from, to)
  const entries = withinPage(rows.map(entryOf))
  const sent = rows.slice(0, entries.length)
  const common = commonOf(sent)
  const narrowed = narrowedOf(sent)
  const newest = Math.max(-1, ...narrowed.map(({ by }) => by))
  if (newest >= sealed.size) return readPageOnceSealed(deps, peer, asked, newest)
  const salt = encodeBase64url(deps.random(16))
  const coverage = coverageOf(deps, { viewer, from, entries, common, narrowed, accessAt, sealed, salt })
  await recordDelivery(deps, { peer: viewer.iss, kind: 'page', page: coverage, positions: openedOf(entries), accessAt })
  const trailer = {
    next: coverage.to,
    coverage: await signCoverage(coverage, deps.signers.log),
    checkpoint: sealed.checkpoint,
    salt,
  }
  return { entries, trailer, common, size: sealed.size }
}

/** A statement can only name what its checkpoint covers; the next one is being signed. */
async function readPageOnceSealed(
  deps: Deps,
  peer: { readonly iss: string },
  asked: { from: number; limit: number },
  position: number,
): Promise<EntriesPage> {
  await waitForGrowth(deps, { size: position }, sealedWithinMs)
  const { size } = await getSealedCheckpoint(deps)
  if (size <= position) throw new ExchangeError('unavailable', 'the newest marking is not sealed yet')
  return readPage(deps, peer, asked)
}

const sealedWithinMs = 2_000

/** What a peer that waits has seen already. */
export interface Seen {
  /** Of our log. */
  readonly size: number
  /** Length of its access feed; absent where only the log matters. */
  readonly access?: { readonly peer: string; readonly length: number }
}

/**
 * Returns when our log is sealed beyond what was seen, or the peer's rights have changed since, the time is over, or the
 * caller has gone. Looks again now and then: signals may be lost.
 */
export async function waitForGrowth(deps: Deps, seen: Seen, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs
  const topics = [`log:${deps.identity.iss}`, ...(seen.access ? [`access:${seen.access.peer}` as const] : [])] as const
  for (;;) {
    const heard = topics.map((topic) => deps.wake.latest(topic))
    const leftMs = deadline - performance.now()
    if (leftMs <= 0 || signal?.aborted || (await hasGrown(deps, seen))) return
    await waitForAny(deps, topics, heard, Math.min(leftMs, lookAgainMs), signal)
  }
}

async function hasGrown(deps: Deps, { size, access }: Seen): Promise<boolean> {
  if (deps.wake.latest(`log:${deps.identity.iss}`) > size) return true // whoever acts on it reads what there is
  const sealed = await getSealedCheckpoint(deps)
  if (sealed.size > size) return true
  return access !== undefined && (await lengthOfFeed(deps, access.peer)) > access.length
}

async function waitForAny(
  { wake }: Deps,
  topics: readonly WakeTopic[],
  heard: readonly number[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  await Promise.race(topics.map((topic, i) => wake.wait(topic, heard[i] ?? 0, timeoutMs, either)))
  over.abort()
}

const lookAgainMs = 5_000

interface EntryRow {
  readonly position: number
  readonly leaf_hash: Buffer
  /** Null where closed to this peer. */
  readonly statement: string | null
  readonly body: string | null
  readonly is_taken_back: boolean
  readonly is_common: boolean
  /** Position of the marking record that first narrowed it; never told to a peer that was not given GREEN anyway. */
  readonly narrowed_by: number | null
}

/** Rights and the length of the feed that tells of their changes are read in one statement, so that they belong together. */
async function listRows(deps: Deps, viewer: PeerViewer, from: number, to: number) {
  const page = sql<(EntryRow | NoEntry) & { access_at: number }>`
    select feed.access_at, page.*
    from (select coalesce(max(seq) + 1, 0)::bigint as access_at from access_item where peer = ${viewer.iss}) feed
    left join (${pageOf(deps, viewer, from, to)}) page on true
    order by position ${planIsKept}`
  const { rows } = await asViewer(deps, viewer, (db) => page.execute(db))
  return { rows: rows.flatMap((row) => (isEntry(row) ? row : [])), accessAt: rows[0]?.access_at ?? 0 }
}

type NoEntry = { readonly [Column in keyof EntryRow]: null }

/** A row without an entry stands for an empty page. */
function isEntry(row: EntryRow | NoEntry): row is EntryRow {
  return row.position !== null
}

/** Bytes are added up in the database, so that a page of large bodies is not read to be thrown away. */
function pageOf({ now }: Deps, viewer: PeerViewer, from: number, to: number) {
  const open = ownIsOpenTo(viewer, Math.floor(now().getTime() / 1_000), 'own_line')
  const inPage = (view: string) =>
    sql<SqlBool>`${sql.ref(`${view}.position`)} >= ${from} and ${sql.ref(`${view}.position`)} < ${to}`
  return sql`
    select position, leaf_hash, convert_from(statement, 'UTF8') as statement, convert_from(body, 'UTF8') as body, is_taken_back, is_common, narrowed_by
    from (
      select page.*, sum(coalesce(octet_length(statement), 0) + coalesce(octet_length(body), 0)) over (order by position) as bytes,
        count(narrowed_by) over (order by position) as narrowings
      from (
        select line.position, line.leaf_hash,
          case when line.is_open then line.statement end as statement,
          case when line.is_open then line.body end as body,
          line.is_taken_back,
          coalesce(line.signed_common, narrowed_line.signed_common,
            line.tlp in ('CLEAR', 'GREEN') and line.embargo_until is null, false) as is_common,
          narrowed_line.narrowed_by
        from (select own_line.*, ${open} as is_open from own_line where ${inPage('own_line')} ${onceForEachRow}) line
        left join narrowed_line on narrowed_line.position = line.position and ${inPage('narrowed_line')}
      ) page
    ) measured
    where (bytes <= ${limits.pageBytes} or position = ${from}) and narrowings <= ${limits.narrowedPositions}`
}

/** Keeps PostgreSQL from putting the rule in the place of each column that asks for its answer. */
const onceForEachRow = sql`offset 0`

/** Not even GREEN is for this peer, so that what every peer is given cannot be measured by what it is. */
function hasLowCeiling({ ceiling }: PeerViewer): boolean {
  return ceiling === 'CLEAR'
}

function entryOf({ position, leaf_hash, statement, body, is_taken_back }: EntryRow): WireEntry {
  const leaf = encodeBase64url(leaf_hash)
  if (statement === null) return { position, leaf, state: 'hash' }
  if (is_taken_back) return { position, leaf, state: 'statement', statement }
  return body === null
    ? { position, leaf, state: 'open', statement }
    : { position, leaf, state: 'open', statement, body }
}

/** The exact limit, on bytes as they travel: JSON strings escape what the database counted once. */
function withinPage(entries: readonly WireEntry[]): readonly WireEntry[] {
  let bytes = 0
  const end = entries.findIndex(({ statement = '', body = '' }, index) => {
    bytes += lineBytes + statement.length + sizeAsJson(body)
    return index > 0 && bytes > limits.pageBytes
  })
  return end < 0 ? entries : entries.slice(0, end)
}

/** An upper bound: canonical text needs an escape for each quotation mark and each backslash, and for nothing else. */
function sizeAsJson(text: string): number {
  let bytes = Buffer.byteLength(text)
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) bytes++
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at + 1)) bytes++
  return bytes
}

function commonOf(rows: readonly EntryRow[]): number[] {
  const isGiven = (row: EntryRow) => row.is_common && (row.statement !== null || row.narrowed_by !== null)
  return rows.filter(isGiven).map(({ position }) => position)
}

function narrowedOf(rows: readonly EntryRow[]): NonNullable<Coverage['narrowed']> {
  return rows.flatMap(({ position, narrowed_by: by }) => (by === null ? [] : [{ position, by }]))
}

interface PageParts {
  readonly viewer: PeerViewer
  readonly from: number
  readonly entries: readonly WireEntry[]
  readonly common: readonly number[]
  readonly narrowed: NonNullable<Coverage['narrowed']>
  readonly accessAt: number
  readonly sealed: SealedCheckpoint
  readonly salt: string
}

function coverageOf({ identity, now }: Deps, page: PageParts): Coverage {
  const { viewer, from, entries, common, narrowed, accessAt, sealed, salt } = page
  const opened = entries.flatMap(({ position, state }) => (state === 'hash' ? [] : [{ position, state }]))
  return {
    v: 1,
    iss: identity.iss,
    origin: identity.origin,
    peer: viewer.iss,
    from,
    to: from + entries.length,
    openedDigest: openedDigestOf(salt, opened),
    commonDigest: positionsDigest(common.map((position) => ({ position }))),
    ...(narrowed.length > 0 && { narrowed }),
    ...(hasLowCeiling(viewer) && { ceiling: 'CLEAR' }),
    accessAt,
    size: sealed.size,
    iat: Math.floor(now().getTime() / 1_000),
  }
}

function openedOf(entries: readonly WireEntry[]): number[] {
  return entries.flatMap(({ position, state }) => (state === 'hash' ? [] : [position]))
}
