import { ClientError } from '@concordance/client'
import type { InstituteAnswer, Keyset, RecordView, SearchFilters } from '@concordance/protocol'
import { parseCanonical, verifyAnswer } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { uuidv7 } from '../keys/uuid.ts'
import { findMirror, type Mirror } from '../sync/mirror.ts'
import type { Peer, PeerCalls, SearchQuestion } from '../sync/peer-calls.ts'
import { filterHits } from './filter-hits.ts'
import { fuse } from './fuse.ts'
import { verifyHit } from './hit.ts'

/** What is asked of every institute. */
export interface FederatedQuestion {
  readonly filters: SearchFilters
  /** Who asks, here: peers are asked for the institute, and what comes is filtered for the person. */
  readonly viewer: Viewer
  /** Hits of each institute at most. */
  readonly limit: number
  /** For the whole search; every peer gets what is left of it. */
  readonly budgetMs: number
}

export interface FederatedResult {
  readonly hits: readonly RecordView[]
  /** Exactly one a peer in scope. */
  readonly institutes: readonly InstituteAnswer[]
  /** True only if every peer in scope answered ok. */
  readonly complete: boolean
}

/** Kept back from each peer's deadline for fusing what came. */
const reserveMs = 25

/**
 * Asks every given peer live, at once, and fuses their hits with the local ones by reciprocal rank. A peer that does
 * not answer in time costs its own hits and nothing else. Each hit is verified as if it had come by sync; a peer whose
 * answer does not verify counts as one that did not answer.
 *
 * @param local Hits of this node's own store, best first.
 */
export async function searchFederation(
  deps: Deps & { callPeer: (peer: Peer) => PeerCalls },
  peers: readonly Peer[],
  local: readonly RecordView[],
  question: FederatedQuestion,
): Promise<FederatedResult> {
  const answers = await Promise.all(peers.map((peer) => askPeer(deps, peer, question)))
  const hits = fuse([local, ...answers.map((answer) => answer.hits)], (hit) => hit.recordId)
  const institutes = answers.map((answer) => answer.institute)
  return { hits, institutes, complete: institutes.every(({ status }) => status === 'ok') }
}

interface PeerHits {
  readonly institute: InstituteAnswer
  readonly hits: readonly RecordView[]
}

async function askPeer(
  deps: Deps & { callPeer: (peer: Peer) => PeerCalls },
  peer: Peer,
  { filters, viewer, limit, budgetMs }: FederatedQuestion,
): Promise<PeerHits> {
  const started = performance.now()
  const tookMs = () => Math.round(performance.now() - started)
  const timeoutMs = Math.max(1, budgetMs - reserveMs)
  try {
    const mirror = await findMirror(deps.db, peer)
    const keyset = mirror && [...mirror.keysets.values()].at(-1)
    if (!keyset) return { institute: { iss: peer.iss, status: 'unreachable', tookMs: tookMs() }, hits: [] }
    const queryId = uuidv7(deps)
    const asked: SearchQuestion = { queryId, budgetMs: timeoutMs, granularity: 'full', for: 'staff', filters, limit }
    const given = await deps.callPeer(peer).search(asked, timeoutMs)
    const { hits: sent, ...answer } = openAnswer(deps, mirror, keyset, queryId, given)
    const hits = await filterHits(deps, viewer, mirror, sent)
    // A number would tell of hits that this person may not see.
    const matched = hits.length < sent.length || !isStaff(viewer) ? hits.length : answer.matched
    return { institute: { iss: peer.iss, tookMs: tookMs(), ...answer, matched }, hits }
  } catch (error) {
    const status = statusOf(error)
    deps.log.info({ peer: peer.iss, status, code: (error as { code?: string }).code }, 'no answer to a search')
    return { institute: { iss: peer.iss, status, tookMs: tookMs() }, hits: [] }
  }
}

function isStaff(viewer: Viewer): boolean {
  return viewer.kind === 'person' && viewer.staff
}

function openAnswer(
  deps: Deps,
  mirror: Mirror,
  keyset: Keyset,
  queryId: string,
  given: { answer: string; hits: string[] },
): { status: InstituteAnswer['status']; matched: number; size: number; hits: RecordView[] } {
  const answer = verifyAnswer(given.answer, keyset, { audience: deps.identity.iss, queryId, hits: given.hits })
  const hits = given.hits.map((line) => verifyHit(mirror, keyset, parseCanonical(line)))
  // An answer from before what we have verified ourselves comes from a log that has been set back, or a stale replica.
  const stale = answer.checkpoint.size < mirror.size
  return { status: stale ? 'stale' : answer.status, matched: answer.matched, size: answer.checkpoint.size, hits }
}

function statusOf(error: unknown): InstituteAnswer['status'] {
  if (!(error instanceof ClientError)) return 'unreachable'
  if (error.code === 'TIMEOUT' || error.code === 'STOPPED') return 'timeout'
  if (error.status === 404 || error.status === 405 || error.status === 501) return 'unsupported'
  if (error.status !== undefined && error.status < 500) return 'refused'
  return 'unreachable'
}
