import { setImmediate as whenIdle } from 'node:timers/promises'
import {
  type Granularity,
  type InstituteAnswer,
  limits,
  questionDigest,
  type SearchEvent,
  type SearchHit,
  type SearchQuestion,
  type SearchResult,
  type Tlp,
} from '@concordance/protocol'
import { labelsUpTo, type Viewer } from '../access/may-open.ts'
import { ExchangeError } from '../error.ts'
import { uuidv7 } from '../keys/uuid.ts'
import { type AskingDeps, askPeer, type PeerHits, type PeerInScope, refuseAnswer } from './ask-peer.ts'
import { filterHits, type HitsOfLog } from './filter-hits.ts'
import { fuse } from './fuse.ts'
import type { ReadHit, SentHit } from './hit.ts'
import { inTurn } from './in-turn.ts'
import { keepAnswer, keepSearch } from './late-answers.ts'
import { listActiveLogs } from './peer-logs.ts'
import { readyCall } from './ready-call.ts'
import { type LocalQuestion, type LocalResult, searchLocal } from './search-local.ts'
import { spendQuestion } from './spend-question.ts'

/** Whoever asks everybody: peers are asked for people alone. */
export type Searcher = Extract<Viewer, { kind: 'person' }>

/** What is asked of every institute, this one included. */
export interface FederatedQuestion extends Omit<LocalQuestion, 'cursor'> {
  /** For the whole search; every peer gets what is left of it. */
  readonly budgetMs: number
  readonly granularity: Granularity
  /** How the question itself is marked. */
  readonly label: Tlp
}

/**
 * Searches here and asks every peer in scope live, at once, and fuses what comes by reciprocal rank. Peers are asked for
 * the institute, and what comes is filtered for the person.
 *
 * @param signal Whoever asked has left: the peers are not waited for any more.
 * @throws {ExchangeError} `rate` where the person has used up the questions of this hour; nobody was asked.
 */
export async function searchFederation(
  deps: AskingDeps,
  viewer: Searcher,
  question: FederatedQuestion,
  signal?: AbortSignal,
): Promise<SearchResult> {
  const started = await startFederation(deps, viewer, question, signal)
  try {
    const [local, answers] = await Promise.all([started.local, Promise.all(started.answers)])
    const { hits, institutes } = fuseShown(deps, local.hits, answers, question)
    await started.finish(institutes)
    return { ...local, hits, queryId: started.queryId, institutes, complete: isComplete(institutes) }
  } finally {
    started.stop()
  }
}

/** The same, event by event: what is here first, each peer as it answers, and the order of everything at the end. */
export async function* streamFederation(
  deps: AskingDeps,
  viewer: Searcher,
  question: FederatedQuestion,
  signal?: AbortSignal,
): AsyncGenerator<SearchEvent, void, undefined> {
  const { queryId, asked, ...started } = await startFederation(deps, viewer, question, signal)
  try {
    const local = await started.local
    yield { event: 'local', data: { queryId, asked: [...asked], ...local } }
    const lists: SearchHit[][] = [local.hits]
    const answers = new Map<string, InstituteAnswer>()
    for await (const answer of asTheySettle(started.answers.map((one) => one.then((sent) => verifyAll(deps, sent))))) {
      const { institute, hits } = answer
      answers.set(institute.iss, institute)
      lists.push([...hits])
      yield { event: 'institute', data: { institute, hits: [...hits] } }
    }
    const institutes = asked.flatMap((iss) => answers.get(iss) ?? [])
    await started.finish(institutes)
    const order = merge(lists, question).map(({ recordId }) => recordId)
    yield { event: 'summary', data: { queryId, order, institutes, complete: isComplete(institutes) } }
  } finally {
    started.stop()
  }
}

/** True only if every active peer in scope answered ok. */
export function isComplete(institutes: readonly Pick<InstituteAnswer, 'status'>[]): boolean {
  return institutes.every(({ status }) => status === 'ok')
}

interface StartedSearch {
  readonly queryId: string
  /** Entity ids of the peers in scope. */
  readonly asked: readonly string[]
  readonly local: Promise<LocalResult>
  /** One a peer in scope; none rejects. */
  readonly answers: readonly Promise<PeerHits>[]
  /** Before whoever asked is told the last of it: what comes from now on is late. */
  finish(institutes: readonly InstituteAnswer[]): Promise<void>
  /** Ends what nobody waits for. After `finish` late answers are still waited for. */
  stop(): void
}

async function startFederation(
  deps: AskingDeps,
  viewer: Searcher,
  asked: FederatedQuestion,
  signal?: AbortSignal,
): Promise<StartedSearch> {
  const endsAt = performance.now() + asked.budgetMs
  const queryId = uuidv7(deps)
  const question = questionOf(deps, viewer, asked, queryId)
  // Text that JSON cannot carry is refused before anybody is asked.
  const digest = questionDigest({ ...question, budgetMs: asked.budgetMs })
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  const kept = Promise.withResolvers<void>()
  kept.promise.catch(() => undefined) // whoever waits for it hears of it
  const keepLate = async (given: PeerHits) => {
    await kept.promise
    await keepAnswer(deps, queryId, given)
  }
  const peers = namesNobody(deps, asked) ? [] : deps.peers.list().filter((peer) => isNamed(asked, peer))
  const filter = inTurn((sent: readonly HitsOfLog<SentHit>[]) => filterHits(deps, viewer, sent))
  const shownOf = (place: number) => shownOfList(place + 1, peers.length + 1, asked.limit)
  const asking = { question, digest, filter, endsAt, signal: stopping.signal, keepLate, shownOf }
  const deciding = Promise.all([listScope(deps, asked), peers.length > 0 && spend(deps, viewer)])
  deciding.catch(() => undefined) // heard of below
  await whenIdle()
  // Signed while the database is asked who is asked, and whether anybody is.
  const ready = new Map(peers.map((peer) => [peer.iss, readyCall(deps, peer, asking)]))
  const [scope] = await deciding.catch((error: unknown) => {
    signal?.removeEventListener('abort', stop)
    for (const call of ready.values()) call?.stop()
    throw error
  })
  const answers = scope.map((one, place) => askPeer(deps, one, asking, { call: ready.get(one.peer.iss), place }))
  for (const call of ready.values()) call?.stopUnsent()
  const readTimeoutMs = Math.max(shortestReadMs, endsAt - performance.now())
  // The questions are to be on their way before this node has something to do of its own; a connection that has rested looks
  // for what came on it before it takes another one.
  const local = whenIdle()
    .then(() => whenIdle())
    .then(() => searchLocal({ ...deps, readTimeoutMs }, viewer, asked))
  local.catch(() => undefined) // whoever waits for it hears of it
  let isFinished = false
  return {
    queryId,
    asked: scope.map(({ peer }) => peer.iss),
    local,
    answers,
    async finish(institutes) {
      if (!stopping.signal.aborted && institutes.some(({ status }) => status === 'timeout')) {
        await keepSearch(deps, { queryId, subject: viewer.subject, institutes, waitMs: deps.lateWaits.waitMs })
        kept.resolve()
        isFinished = true
      }
    },
    stop() {
      signal?.removeEventListener('abort', stop)
      if (isFinished) return
      stop()
      kept.reject(new Error('nobody asks for late answers'))
    },
  }
}

/** So many hits of the list at this place are shown where all lists are long enough: one of each in turn. Our own comes first. */
function shownOfList(place: number, lists: number, limit: number): number {
  return Math.max(0, Math.ceil((limit - place) / lists))
}

/** What is here is searched for so long at least: the budget is for those who are asked, and may be short. */
const shortestReadMs = 1_000

/** What the peers are asked: no question names a person, and none says whom else to ask. */
function questionOf(
  { accepts }: AskingDeps,
  { staff }: Searcher,
  { filters, granularity, label, limit, sort }: FederatedQuestion,
  queryId: string,
): Omit<SearchQuestion, 'budgetMs'> {
  const { iss: _, ...narrowed } = filters
  return {
    queryId,
    granularity,
    for: staff ? 'staff' : 'researcher',
    label,
    accepts: accepts === 'AMBER+STRICT' ? 'AMBER' : accepts,
    filters: narrowed,
    ...(sort && { sort }),
    limit: Math.min(limit, limits.answerHits),
  }
}

/** The active peers, or the one that the search is narrowed to. Of some it is clear beforehand that they are not asked. */
async function listScope(deps: AskingDeps, { filters, label }: FederatedQuestion): Promise<PeerInScope[]> {
  const active = await listActiveLogs(deps)
  const inScope = active.filter(({ peer }) => isNamed({ filters }, peer))
  return inScope.map(({ peer, log }) => {
    const refused = (reason: 'query-label' | 'log-frozen') =>
      ({ peer, unasked: { iss: peer.iss, status: 'refused', reason } }) as const
    if (label === 'RED' || !labelsUpTo(peer.ceiling ?? 'AMBER+STRICT').includes(label)) return refused('query-label')
    if (log?.state === 'frozen') return refused('log-frozen')
    return { peer, ...(log && { log }) }
  })
}

function isNamed({ filters }: Pick<FederatedQuestion, 'filters'>, { iss }: { readonly iss: string }): boolean {
  return filters.iss === undefined || filters.iss === iss
}

/** It is clear without a look at any peer that nobody will be asked; such a question costs none. */
function namesNobody({ peers }: AskingDeps, { filters, label }: FederatedQuestion): boolean {
  const { iss } = filters
  return label === 'RED' || peers.list().length === 0 || (iss !== undefined && !peers.find(iss))
}

async function spend(deps: AskingDeps, { subject }: Searcher): Promise<void> {
  const { isSpent, retryAfterSeconds } = await spendQuestion(deps, 'person', subject)
  if (isSpent) return
  throw new ExchangeError('rate', 'the live questions of this hour are used up', { retryAfterSeconds })
}

/** The hits that are shown, verified. Where one does not verify, its institute has not answered, and others are shown. */
function fuseShown(
  deps: AskingDeps,
  local: readonly SearchHit[],
  answers: readonly PeerHits[],
  question: FederatedQuestion,
): { hits: SearchHit[]; institutes: InstituteAnswer[] } {
  const lists: (readonly (SearchHit | SentHit)[])[] = [local, ...answers.map(({ hits }) => hits)]
  const shown = merge(lists, question).slice(0, question.limit)
  const failures = new Map<string, unknown>()
  const verified = shown.flatMap((hit) => {
    try {
      return [verifyOne(hit)]
    } catch (error) {
      failures.set(hit.iss, error)
      return []
    }
  })
  if (failures.size === 0) return { hits: verified, institutes: answers.map(({ institute }) => institute) }
  const others = answers.map((answer) => {
    const { iss } = answer.institute
    return failures.has(iss) ? refuseAnswer(deps, iss, failures.get(iss)) : answer
  })
  return fuseShown(deps, local, others, question)
}

function verifyAll(deps: AskingDeps, sent: PeerHits): PeerHits<SearchHit> {
  try {
    return { ...sent, hits: sent.hits.map(verifyOne) }
  } catch (error) {
    return refuseAnswer(deps, sent.institute.iss, error)
  }
}

/** Marking and standing are those that the copy and the rule gave it here. */
function verifyOne(hit: SearchHit | SentHit): SearchHit {
  if (!('verify' in hit)) return hit
  const { mark, status } = hit
  return { ...hit.verify(), mark, status }
}

function merge<Hit extends ReadHit>(lists: readonly (readonly Hit[])[], { sort }: FederatedQuestion): Hit[] {
  const fused = fuse(lists, (hit) => hit.recordId)
  return sort === 'newest' ? fused.sort((a, b) => b.iat - a.iat) : fused
}

async function* asTheySettle<Value>(promises: readonly Promise<Value>[]): AsyncGenerator<Value> {
  const pending = new Map(promises.map((promise, index) => [index, promise.then((value) => ({ index, value }))]))
  while (pending.size > 0) {
    const { index, value } = await Promise.race(pending.values())
    pending.delete(index)
    yield value
  }
}
