import {
  encodeBase64url,
  isCommon,
  limits,
  type Marking,
  type PageTrailer,
  positionsDigest,
  signCoverage,
  type WireEntry,
} from '@concordance/protocol'
import { mayOpen, type Openness } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'

/** A page of our log as one peer may have it. */
export interface OwnPage {
  readonly entries: readonly WireEntry[]
  readonly trailer: PageTrailer
}

/**
 * Makes one page of our own log for a peer: from `from`, at most `limit` entries or 4 MiB, never beyond the newest signed
 * checkpoint. What is opened is entered into the delivery log before it leaves, and stated in the coverage statement.
 *
 * @throws {ExchangeError} `invalid` for a position beyond the log, `forbidden` for a peer that is not active (any more),
 *   `unavailable` before the first checkpoint.
 */
export async function readPage(
  deps: Deps,
  peer: { readonly iss: string },
  { from, limit }: { from: number; limit: number },
): Promise<OwnPage> {
  const head = await getHead(deps, peer.iss)
  if (from > head.size) throw new ExchangeError('invalid', `the log has ${head.size} entries, none from ${from} on`)
  const rows = await listRows(deps, head.log, from, Math.min(from + limit, head.size))
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const entries = fill(rows.map((row) => entryOf(row, peer.iss, nowSeconds)))
  const opened = entries.flatMap(({ position, state }) => (state === 'hash' ? [] : [{ position, state }]))
  const common = rows.slice(0, entries.length).filter(isCommonRow)
  const to = from + entries.length
  if (opened.length > 0)
    await enterDelivery(deps, peer.iss, { from, to, opened: opened.map((entry) => entry.position) })
  const { iss, origin } = deps.identity
  const coverage = await signCoverage(
    {
      v: 1,
      iss,
      origin,
      peer: peer.iss,
      from,
      to,
      openedDigest: positionsDigest(opened),
      commonDigest: positionsDigest(common.map(({ position }) => ({ position }))),
      accessAt: 0,
      size: head.size,
      iat: nowSeconds,
    },
    deps.signers.log,
  )
  return { entries, trailer: { next: to, coverage, checkpoint: head.jws } }
}

/** Returns once our log is signed beyond `size`, or the time is over, or the caller is gone. */
export async function waitForGrowth(deps: Deps, size: number, ms: number, signal: AbortSignal): Promise<void> {
  const topic = `log:${deps.identity.iss}` as const
  const row = await deps.db
    .selectFrom('checkpoint')
    .innerJoin('log', 'log.id', 'checkpoint.log')
    .select('checkpoint.size')
    .where('log.is_own', '=', true)
    .where('checkpoint.jws', 'is not', null)
    .where('checkpoint.size', '>', size)
    .limit(1)
    .executeTakeFirst()
  if (!row) await deps.wake.wait(topic, size, ms, signal)
}

interface Head {
  readonly log: number
  readonly size: number
  readonly jws: string
}

/** The newest signed checkpoint, if the peer is active now. */
async function getHead({ pool }: Deps, peer: string): Promise<Head> {
  const { rows } = await pool.query<Head & { active: boolean }>(
    `select checkpoint.log, checkpoint.size, checkpoint.jws,
       exists (select from peer where iss = $1 and state = 'active') as active
     from checkpoint join log on log.id = checkpoint.log
     where log.is_own and checkpoint.jws is not null order by checkpoint.size desc limit 1`,
    [peer],
  )
  const [head] = rows
  if (!head) throw new ExchangeError('unavailable', 'no checkpoint is signed yet')
  if (!head.active) throw new ExchangeError('forbidden', 'the peer is not active')
  return head
}

interface Row {
  readonly position: number
  readonly leaf_hash: Buffer
  readonly statement: string | null
  readonly body: string | null
  readonly mark: Marking | null
  readonly taken_back: boolean
}

async function listRows({ pool }: Deps, log: number, from: number, to: number): Promise<Row[]> {
  const { rows } = await pool.query<Row>(
    `select entry.position, entry.leaf_hash, convert_from(entry.statement, 'UTF8') as statement,
       convert_from(entry.body, 'UTF8') as body,
       case when own.position is not null then jsonb_strip_nulls(jsonb_build_object('tlp', own.tlp, 'embargoUntil', own.embargo_until)) end as mark,
       exists (select from withdrawn where withdrawn.log = entry.log and withdrawn.record_id = entry.record_id) as taken_back
     from entry left join own_record own on own.position = entry.position
     where entry.log = $1 and entry.position >= $2 and entry.position < $3 order by entry.position`,
    [log, from, to],
  )
  return rows
}

/** What the one rule makes of an entry of ours for a peer; a cover leaf, or one without a marking, is closed. */
function entryOf(row: Row, peer: string, nowSeconds: number): WireEntry {
  const { position, statement, body } = row
  const leaf = encodeBase64url(row.leaf_hash)
  const state = opennessOf(row, peer, nowSeconds)
  if (state === 'hash' || statement === null) return { position, leaf, state: 'hash' }
  if (state === 'statement' || body === null) return { position, leaf, state, statement }
  return { position, leaf, state, statement, body }
}

function opennessOf({ mark, taken_back }: Row, peer: string, nowSeconds: number): Openness {
  if (mark === null) return 'hash'
  return mayOpen({ kind: 'peer', iss: peer }, { isOwn: true, mark, isTakenBack: taken_back }, nowSeconds)
}

function isCommonRow({ mark, statement }: Row): boolean {
  return mark !== null && statement !== null && isCommon(mark)
}

/** Entries until the page is full, at least one. Sizes are of the JSON text, where quotes and line feeds are escaped. */
function fill(entries: readonly WireEntry[]): WireEntry[] {
  let bytes = 0
  const fitting = entries.findIndex(({ statement = '', body = '' }, index) => {
    bytes += 120 + statement.length + body.length * 1.25
    return index > 0 && bytes > limits.pageBytes
  })
  return fitting === -1 ? [...entries] : entries.slice(0, fitting)
}

async function enterDelivery(
  deps: Deps,
  peer: string,
  { from, to, opened }: { from: number; to: number; opened: readonly number[] },
): Promise<void> {
  await deps.db
    .insertInto('delivery')
    .values({
      peer,
      from_position: from,
      to_position: to,
      opened: opened.map((position) => position - from),
      access_at: 0,
      sent_at: deps.now(),
    })
    .execute()
}
