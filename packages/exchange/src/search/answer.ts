import { setTimeout as sleep } from 'node:timers/promises'
import {
  encodeBase64url,
  type Granularity,
  hitsDigest,
  limits,
  questionDigest,
  type SearchAnswer,
  type SearchHit,
  type SearchQuestion,
  type SearchReason,
  signAnswer,
  type Tlp,
} from '@concordance/protocol'
import { sql } from 'kysely'
import { lengthOfFeed } from '../access/access-feed.ts'
import { asViewer } from '../access/as-viewer.ts'
import { recordDelivery } from '../access/deliveries.ts'
import { labelsUpTo, type PeerViewer } from '../access/may-open.ts'
import { getPeerViewer } from '../access/viewer.ts'
import { planIsKept } from '../database/keep-plans.ts'
import type { Deps } from '../deps.ts'
import { getSealedCheckpoint } from '../log/checkpoints.ts'
import { isAbove } from '../sync/accept-entries.ts'
import { formatHit } from './hit.ts'
import { searchLocal } from './search-local.ts'
import { spendQuestion } from './spend-question.ts'

/** What a search answer says of its question. */
type Found = Pick<SearchAnswer, 'status' | 'matched'> &
  Partial<Pick<SearchAnswer, 'below'>> & {
    readonly reason?: SearchReason
    /** Lines, best first. */
    readonly hits: readonly string[]
  }

/**
 * Answers a peer's search: from our own log alone, what is open to the asking institute, never AMBER+STRICT or RED.
 * Nothing in a question makes this node ask anybody else. The answer has the same form whether closed matches exist or
 * not, says at which signed size it was given, and is signed also where it is a refusal. Records whose statement it holds
 * stand in the delivery log before this returns.
 *
 * @throws {ExchangeError} `unavailable` before the first checkpoint is signed.
 */
export async function answerSearch(
  deps: Deps,
  asker: { readonly iss: string },
  question: SearchQuestion,
): Promise<{ answer: string; hits: string[] }> {
  const endsAt = performance.now() + timeForAnswer(question.budgetMs)
  const digest = questionDigest(question)
  const { size, root } = await getSealedCheckpoint(deps)
  const granularity = lesser(question.granularity, deps.search.granularity)
  const refusal = await findRefusal(deps, asker, question)
  const { hits, ...found } = refusal ?? (await find(deps, asker, { ...question, granularity }, { size, endsAt }))
  const said = {
    v: 1,
    iss: deps.identity.iss,
    aud: asker.iss,
    queryId: question.queryId,
    question: digest,
    granularity,
    checkpoint: { size, root: encodeBase64url(root) },
    iat: Math.floor(deps.now().getTime() / 1_000),
    hits: hitsDigest(hits),
  } as const
  return { answer: await signAnswer({ ...said, ...found }, deps.signers.log), hits: [...hits] }
}

/** Kept back for signing and for the way back. */
const reserveMs = 20

function timeForAnswer(budgetMs: number): number {
  return Math.max(1, budgetMs - Math.max(reserveMs, budgetMs / 20))
}

const granularities: readonly Granularity[] = ['boolean', 'count', 'summary', 'full']

/** The lesser of what is asked for and what is offered. */
function lesser(asked: Granularity, offered: Granularity | 'none'): Granularity {
  const most = offered === 'none' ? 0 : granularities.indexOf(offered)
  return granularities[Math.min(granularities.indexOf(asked), most)] as Granularity
}

/** Each of these is decided before anything is looked for, so that no refusal depends on what is there. */
async function findRefusal(
  deps: Deps,
  asker: { readonly iss: string },
  { label }: SearchQuestion,
): Promise<Found | undefined> {
  const nothing = { matched: 0, hits: [] }
  if (deps.search.granularity === 'none') return { ...nothing, status: 'unsupported', reason: 'not-offered' }
  if (label === 'RED' || isAbove(label, deps.accepts)) return { ...nothing, status: 'refused', reason: 'query-label' }
  const { isSpent } = await spendQuestion(deps, 'peer', asker.iss)
  return isSpent ? undefined : { ...nothing, status: 'refused', reason: 'requester-budget' }
}

interface Bounds {
  /** Size of the checkpoint that the answer speaks of. */
  readonly size: number
  /** By the clock of the process. */
  readonly endsAt: number
}

async function find(
  deps: Deps,
  asker: { readonly iss: string },
  question: SearchQuestion,
  bounds: Bounds,
): Promise<Found> {
  const unfinished = { status: 'partial', reason: 'out-of-time', matched: 0, hits: [] } as const
  const stop = new AbortController()
  const late = sleep(bounds.endsAt - performance.now(), unfinished, { signal: stop.signal })
  const found = findInTime(deps, asker, question, bounds).catch((error: unknown) => {
    if (isOutOfTime(error)) return unfinished
    throw error
  })
  try {
    return await Promise.race([found, late])
  } finally {
    stop.abort()
    late.catch(() => undefined) // ended by ourselves
    found.catch(() => undefined) // nobody waits for it any more
  }
}

async function findInTime(
  deps: Deps,
  asker: { readonly iss: string },
  question: SearchQuestion,
  { size, endsAt }: Bounds,
): Promise<Found> {
  const viewer = await viewerFor(deps, asker, question)
  const inTime = () => ({ ...deps, readTimeoutMs: Math.max(1, endsAt - performance.now()) })
  const isBehind = await isIndexBehind(deps, { size, endsAt })
  const { granularity, limit = limits.answerHits } = question
  const hasHits = granularity === 'summary' || granularity === 'full'
  const found = await searchOwn(inTime(), viewer, question, hasHits ? limit : 1)
  const hits = await deliverHits(inTime(), viewer, hasHits ? found.hits : [], granularity === 'full')
  const status = isBehind ? ({ status: 'partial', reason: 'index-behind' } as const) : ({ status: 'ok' } as const)
  return { ...status, ...countOf(found.matched, granularity), hits }
}

/** The asking institute, as far as it asks here: up to the label it takes in, and for whom it asks. */
async function viewerFor(
  deps: Deps,
  asker: { readonly iss: string },
  { accepts = 'AMBER', for: people }: SearchQuestion,
): Promise<PeerViewer> {
  const viewer = await getPeerViewer(deps, asker.iss)
  const ceiling: Tlp = labelsUpTo(viewer.ceiling).includes(accepts) ? accepts : viewer.ceiling
  return { ...viewer, ceiling, isLive: true, ...(people === 'researcher' && { for: people }) }
}

/** Ours alone, and nothing where the question names another institute: no question makes this node ask anybody. */
async function searchOwn(deps: Deps, viewer: PeerViewer, { filters, sort }: SearchQuestion, limit: number) {
  const { iss } = deps.identity
  if (filters.iss !== undefined && filters.iss !== iss) return { hits: [], matched: 0 }
  const own = { ...filters, iss, status: filters.status ?? ('current' as const) }
  return searchLocal(deps, viewer, { filters: own, limit, ...(sort && { sort }) })
}

const firstPauseMs = 20

/**
 * An answer that names a checkpoint speaks of everything under it, so that it waits for the index to have read that far.
 *
 * @returns whether the index still has not when half of the time is over; the other half is for the search.
 */
async function isIndexBehind({ db }: Deps, { size, endsAt }: Bounds): Promise<boolean> {
  const waitsUntil = (performance.now() + endsAt) / 2
  for (let pauseMs = firstPauseMs; ; pauseMs *= 1.5) {
    const row = await db
      .selectFrom('log')
      .leftJoin('projection', 'projection.log', 'log.id')
      .select('projection.indexed')
      .where('log.is_own', '=', true)
      .executeTakeFirst()
    if ((row?.indexed ?? 0) >= size) return false
    if (performance.now() + pauseMs > waitsUntil) return true
    await sleep(pauseMs)
  }
}

/** From here on a count says how many, and below it that there are fewer. */
const countedFrom = 5

/** Small numbers single out records, so that whoever asks for numbers alone learns of them in one bucket. */
function countOf(matched: number, granularity: Granularity): { matched: number; below?: number } {
  if (granularity === 'boolean') return { matched: Math.min(matched, 1) }
  if (granularity === 'count' && matched > 0 && matched < countedFrom) return { matched: 1, below: countedFrom }
  return { matched }
}

/** Statement and, in full, body of each, in the given order; as many as one answer may hold. */
async function deliverHits(
  deps: Deps,
  viewer: PeerViewer,
  shown: readonly SearchHit[],
  isFull: boolean,
): Promise<string[]> {
  if (shown.length === 0) return []
  const accessAt = await lengthOfFeed(deps, viewer.iss)
  const openings = await readOpenings(
    deps,
    viewer,
    shown.map(({ position }) => position),
  )
  const lines = new Map<number, string>()
  let bytes = 0
  for (const { position, mark, status, title } of shown) {
    const opening = openings.get(position)
    if (!opening) continue
    const line = formatHit({ position, mark, status, title, ...opening, ...(!isFull && { body: null }) })
    bytes += Buffer.byteLength(line)
    if (bytes > limits.answerBytes) break
    lines.set(position, line)
  }
  await recordDelivery(deps, { peer: viewer.iss, kind: 'search', positions: [...lines.keys()], accessAt })
  return [...lines.values()]
}

async function readOpenings(
  deps: Deps,
  viewer: PeerViewer,
  positions: readonly number[],
): Promise<ReadonlyMap<number, { readonly statement: string; readonly body: string | null }>> {
  // Looked up one by one: see `openingOf` of records.ts.
  const asked = sql<{ position: number; statement: Buffer; body: Buffer | null }>`
    select asked.position, opening.statement, opening.body
    from unnest(${positions}::bigint[]) as asked (position), lateral (select statement, body from opening
      where opening.log = (select id from log where is_own) and opening.position = asked.position offset 0) opening
    ${planIsKept}`
  const { rows } = await asViewer(deps, viewer, (db) => asked.execute(db))
  return new Map(
    rows.map(({ position, statement, body }) => [
      position,
      { statement: statement.toString('utf8'), body: body?.toString('utf8') ?? null },
    ]),
  )
}

/** The database ended a statement at its time limit (SQLSTATE query_canceled). */
function isOutOfTime(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '57014'
}
