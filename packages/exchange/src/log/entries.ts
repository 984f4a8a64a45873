import {
  type Coverage,
  encodeBase64url,
  limits,
  type PageTrailer,
  positionsDigest,
  signCoverage,
  type WireEntry,
} from '@concordance/protocol'
import { sql } from 'kysely'
import { isOpenTo, type Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { getSealedCheckpoint, type SealedCheckpoint } from './checkpoints.ts'

/** One page of our own log, as one peer may have it. */
export interface EntriesPage {
  readonly entries: readonly WireEntry[]
  readonly trailer: PageTrailer
  /** Positions every active peer is given: CLEAR or GREEN, never under an embargo. */
  readonly common: readonly number[]
  readonly size: number
}

/** Until access feeds exist, rights change with nothing but the marking, the clock and the peer's state. */
const accessAt = 0
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
  const [sealed] = await Promise.all([getSealedCheckpoint(deps), requireActive(deps, peer.iss)])
  const from = Math.min(asked.from, sealed.size)
  const to = Math.min(from + Math.min(asked.limit, limits.pageEntries), sealed.size)
  const rows = from < to ? await listRows(deps, { kind: 'peer', iss: peer.iss }, from, to) : []
  const entries = withinPage(rows.map(entryOf))
  const common = commonOf(rows.slice(0, entries.length))
  const coverage = coverageOf(deps, { peer: peer.iss, from, entries, common, sealed })
  await recordDelivery(deps, coverage, entries)
  const trailer = {
    next: coverage.to,
    coverage: await signCoverage(coverage, deps.signers.log),
    checkpoint: sealed.checkpoint,
  }
  return { entries, trailer, common, size: sealed.size }
}

/** Returns when our log is sealed beyond `size`, the time is over, or the caller has gone. Looks again now and then: signals may be lost. */
export async function waitForGrowth(deps: Deps, size: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs
  const topic = `log:${deps.identity.iss}` as const
  for (;;) {
    const heard = deps.wake.latest(topic)
    const { size: sealed } = await getSealedCheckpoint(deps)
    const leftMs = deadline - performance.now()
    if (sealed > size || leftMs <= 0 || signal?.aborted) return
    await deps.wake.wait(topic, Math.max(size, heard), Math.min(leftMs, lookAgainMs), signal)
  }
}

const lookAgainMs = 5_000

async function requireActive({ db }: Deps, iss: string): Promise<void> {
  const peer = await db.selectFrom('peer').select('state').where('iss', '=', iss).executeTakeFirst()
  if (peer?.state !== 'active') throw new ExchangeError('forbidden', 'the institute is not an active peer')
}

interface EntryRow {
  readonly position: number
  readonly leaf_hash: Buffer
  /** Null where closed to this peer. */
  readonly statement: string | null
  readonly body: string | null
  readonly is_taken_back: boolean
  readonly is_common: boolean
}

/** Bytes are added up in the database, so that a page of large bodies is not read to be thrown away. */
async function listRows({ db, now }: Deps, viewer: Viewer, from: number, to: number): Promise<EntryRow[]> {
  const open = isOpenTo(viewer, Math.floor(now().getTime() / 1_000), 'own_record')
  const takenBack = sql`withdrawn.record_id is not null`
  const { rows } = await sql<EntryRow>`
    select position, leaf_hash, convert_from(statement, 'UTF8') as statement, convert_from(body, 'UTF8') as body, is_taken_back, is_common
    from (
      select page.*, sum(coalesce(octet_length(statement), 0) + coalesce(octet_length(body), 0)) over (order by position) as bytes
      from (
        select entry.position, entry.leaf_hash,
          case when ${open} then entry.statement end as statement,
          case when ${open} and not ${takenBack} then entry.body end as body,
          ${takenBack} as is_taken_back,
          own_record.tlp in ('CLEAR', 'GREEN') and own_record.embargo_until is null as is_common
        from log
        join entry on entry.log = log.id
        join own_record on own_record.position = entry.position
        left join withdrawn on withdrawn.log = log.id and withdrawn.record_id = entry.record_id
        where log.is_own and entry.position >= ${from} and entry.position < ${to}
      ) page
    ) measured
    where bytes <= ${limits.pageBytes} or position = ${from}
    order by position`.execute(db)
  return rows
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
  return rows.filter((row) => row.is_common && row.statement !== null).map(({ position }) => position)
}

interface PageParts {
  readonly peer: string
  readonly from: number
  readonly entries: readonly WireEntry[]
  readonly common: readonly number[]
  readonly sealed: SealedCheckpoint
}

function coverageOf({ identity, now }: Deps, { peer, from, entries, common, sealed }: PageParts): Coverage {
  const opened = entries.flatMap(({ position, state }) => (state === 'hash' ? [] : [{ position, state }]))
  return {
    v: 1,
    iss: identity.iss,
    origin: identity.origin,
    peer,
    from,
    to: from + entries.length,
    openedDigest: positionsDigest(opened),
    commonDigest: positionsDigest(common.map((position) => ({ position }))),
    accessAt,
    size: sealed.size,
    iat: Math.floor(now().getTime() / 1_000),
  }
}

async function recordDelivery(
  { pool, now }: Deps,
  { peer, from, to }: Coverage,
  entries: readonly WireEntry[],
): Promise<void> {
  const opened = entries.flatMap(({ position, state }) => (state === 'hash' ? [] : [position - from]))
  if (opened.length === 0) return
  await pool.query({
    name: 'record-delivery',
    text: `insert into delivery (peer, from_position, to_position, opened, access_at, sent_at) values ($1, $2, $3, $4, $5, $6)`,
    values: [peer, from, to, opened, accessAt, now()],
  })
}
