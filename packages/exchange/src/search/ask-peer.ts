import { ClientError } from '@concordance/client'
import {
  type Granularity,
  type InstituteAnswer,
  ProtocolError,
  type SearchAnswer,
  type SearchQuestion,
  type SearchReason,
  verifyAnswer,
} from '@concordance/protocol'
import type { ConfiguredPeer, Deps } from '../deps.ts'
import type { Peer, PeerCalls } from '../sync/peer-calls.ts'
import type { HitsOfLog } from './filter-hits.ts'
import { parseHitUnsafe, type ReadHit, type SentHit } from './hit.ts'
import type { LateWaits } from './late-waits.ts'
import type { PeerLog } from './peer-logs.ts'
import type { ReadyCall } from './ready-call.ts'

export interface AskingDeps extends Deps {
  readonly callPeer: (peer: Peer) => PeerCalls
  readonly lateWaits: LateWaits
}

/** A peer in the scope of a search; `status` where it is not asked at all. */
export interface PeerInScope {
  readonly peer: ConfiguredPeer
  readonly log?: PeerLog
  readonly unasked?: InstituteAnswer
}

/** What a peer said; of its hits, as a whole or as far as the viewer may see them. */
export interface PeerHits<Hit extends ReadHit = SentHit> {
  readonly institute: InstituteAnswer
  readonly hits: readonly Hit[]
}

/** A question on its way to the peers. */
export interface Asking {
  readonly question: Omit<SearchQuestion, 'budgetMs'>
  /** `questionDigest` of it. */
  readonly digest: string
  /** What of a peer's hits the viewer may see. */
  readonly filter: (sent: HitsOfLog<SentHit>) => Promise<SentHit[]>
  /** By the clock of the process (`performance.now`): when whoever asked is answered. */
  readonly endsAt: number
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** So many hits of the peer at this place in the scope will likely be shown: they are verified while others are waited for. */
  shownOf(place: number): number
  /** Takes what came later, not narrowed to what the person may see. */
  keepLate(given: PeerHits): Promise<void>
}

/**
 * Asks one peer within the time that its question gives it. A peer that does not answer in time costs its own hits and
 * nothing else, and is waited for a while longer, so that what it says then is not lost. A peer whose answer does not verify
 * counts as one that did not answer. Never rejects.
 *
 * @param how.call Undefined where no time is left.
 * @param how.place Where the peer stands in the scope.
 */
export async function askPeer(
  deps: AskingDeps,
  { peer, log, unasked }: PeerInScope,
  asking: Asking,
  { call, place }: { readonly call: ReadyCall | undefined; readonly place: number },
): Promise<PeerHits> {
  if (unasked) return { institute: unasked, hits: [] }
  if (!log) return { institute: { iss: peer.iss, status: 'unreachable', reason: 'keys-unknown' }, hits: [] }
  const startedAt = performance.now()
  const { institute, hits } = call ? await askFor(deps, { peer, log }, asking, call) : notInTime(peer)
  const tookMs = Math.round(performance.now() - startedAt)
  try {
    const filtered = asking.filter({ log: log.log, hits })
    // The question about them is on its way to the database by then.
    setImmediate(verifyAhead, hits.slice(0, asking.shownOf(place)))
    return narrow({ institute: { ...institute, tookMs }, hits }, await filtered)
  } catch (error) {
    deps.log.warn({ peer: peer.iss, code: codeOf(error) }, 'hits of a peer could not be looked up')
    return { institute: { iss: peer.iss, status: 'unreachable', reason: 'failed', tookMs }, hits: [] }
  }
}

/** While the database and others are waited for. */
function verifyAhead(hits: readonly SentHit[]): void {
  try {
    for (const hit of hits) hit.verify()
  } catch {
    // heard of where it is to be shown
  }
}

/**
 * A peer's answer with what the viewer may see of its hits, and with numbers that tell of nothing else.
 *
 * @param shown What `filterHits` left of them.
 */
export function narrow<Hit extends ReadHit>({ institute, hits }: PeerHits<Hit>, shown: readonly Hit[]): PeerHits<Hit> {
  if (shown.length === hits.length) return { institute, hits: shown }
  // The number, and the signed answer that says it, would tell of hits that this person may not see.
  const { signed: _, matched: __, below: ___, ...rest } = institute
  return { institute: { ...rest, matched: shown.length }, hits: shown }
}

async function askFor(
  deps: AskingDeps,
  { peer, log }: { peer: ConfiguredPeer; log: PeerLog },
  asking: Asking,
  { budgetMs, send, stop }: ReadyCall,
): Promise<PeerHits> {
  const answer = send().then(
    (given) => openAnswer(deps, log, asking, given),
    (error: unknown) => notGiven(deps, peer, error),
  )
  const given = await within(budgetMs, answer)
  if (given) return given
  const isWaitedFor = deps.lateWaits.wait(peer.iss, { answer, stop }, asking)
  deps.log.info({ peer: peer.iss, isWaitedFor }, 'no answer to a search in time')
  return notInTime(peer)
}

/** Undefined once the time is over. */
async function within<Value>(timeMs: number, value: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeMs, undefined)
  })
  const first = await Promise.race([value, over])
  clearTimeout(timer)
  return first
}

function notInTime({ iss }: ConfiguredPeer): PeerHits {
  return { institute: { iss, status: 'timeout', reason: 'no-answer-in-time' }, hits: [] }
}

const granularities: readonly Granularity[] = ['boolean', 'count', 'summary', 'full']

function openAnswer(
  deps: Deps,
  log: PeerLog,
  { question, digest }: Pick<Asking, 'question' | 'digest'>,
  given: { readonly answer: string; readonly hits: readonly string[] },
): PeerHits {
  try {
    const expected = { audience: deps.identity.iss, queryId: question.queryId, question: digest, hits: given.hits }
    const answer = verifyAnswer(given.answer, log.keyset, expected)
    refuseExcess(question, answer, given.hits.length)
    const hits = given.hits.map((line) => parseHitUnsafe(log, log.keyset, line, answer.granularity === 'full'))
    return { institute: { ...statusOf(log, answer), signed: given.answer }, hits }
  } catch (error) {
    return refuseAnswer(deps, log.iss, error)
  }
}

/** A peer whose answer does not verify counts as one that did not answer. */
export function refuseAnswer(deps: Deps, iss: string, error: unknown): { institute: InstituteAnswer; hits: [] } {
  deps.log.warn({ peer: iss, code: codeOf(error) }, 'the answer to a search does not verify')
  return { institute: { iss, status: 'unreachable', reason: 'answer-invalid' }, hits: [] }
}

/** An answer holds no more than was asked for, and no hits where it is none. */
function refuseExcess(question: Asking['question'], answer: SearchAnswer, hits: number): void {
  const { granularity, status, matched } = answer
  const isMore = granularities.indexOf(granularity) > granularities.indexOf(question.granularity)
  const hasHits = granularity === 'summary' || granularity === 'full'
  const isGiven = status === 'ok' || status === 'partial'
  const hitsAtMost = hasHits && isGiven ? Math.min(matched, question.limit ?? 0) : 0
  if (isMore || hits > hitsAtMost) throw new ProtocolError('SCHEMA', 'the answer holds more than was asked for')
}

function statusOf(log: PeerLog, answer: SearchAnswer): InstituteAnswer {
  const { status, reason, granularity, matched, below, checkpoint } = answer
  const { size } = checkpoint
  const said = { iss: log.iss, size, ...(reason && { reason }) }
  if (status === 'refused' || status === 'unsupported') return { ...said, status }
  const isCounted = reason !== ('out-of-time' satisfies SearchReason)
  const given = { ...said, granularity, ...(isCounted && { matched, ...(below !== undefined && { below }) }) }
  // A log that has been set back, or a replica that lags: what it says is older than what is verified here.
  return size < log.size ? { ...given, status: 'stale', reason: 'older-than-known' } : { ...given, status }
}

function notGiven(deps: Deps, { iss }: ConfiguredPeer, error: unknown): PeerHits {
  const [status, reason] = verdictOf(error)
  deps.log.info({ peer: iss, status, code: codeOf(error) }, 'no answer to a search')
  return { institute: { iss, status, reason }, hits: [] }
}

/** What a call that failed says of the peer: the asking node's own word. */
function verdictOf(error: unknown): [InstituteAnswer['status'], SearchReason] {
  if (!(error instanceof ClientError)) return ['unreachable', 'failed']
  const { code, status } = error
  if (code === 'TIMEOUT' || code === 'STOPPED') return ['timeout', 'no-answer-in-time']
  if (code === 'ANSWER_TOO_LARGE') return ['unreachable', 'answer-too-large']
  if (status === undefined) return ['unreachable', code === 'ANSWER_MALFORMED' ? 'answer-invalid' : 'no-connection']
  if (status < 400) return ['unreachable', 'answer-invalid']
  if ([404, 405, 415, 422, 501].includes(status)) return ['unsupported', 'question-not-understood']
  return status < 500 ? ['refused', 'not-admitted'] : ['unreachable', 'failed']
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
