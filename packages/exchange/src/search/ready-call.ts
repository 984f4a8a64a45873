import type { SearchQuestion } from '@concordance/protocol'
import type { ConfiguredPeer } from '../deps.ts'
import type { PeerCalls } from '../sync/peer-calls.ts'
import type { Asking, AskingDeps } from './ask-peer.ts'

/** A question to one peer, signed and held back until it is decided that this peer is asked. */
export interface ReadyCall {
  /** What the question gives the peer. */
  readonly budgetMs: number
  /** Sends it, and counts the peer's time from here. */
  send(): ReturnType<PeerCalls['search']>
  /** Ends it, sent or not. */
  stop(): void
  /** Ends it unless it was sent. */
  stopUnsent(): void
}

/** Kept back from each peer's deadline for filtering and fusing what came: so much, or a share of the time. */
const reserveMs = 25
const reserveShare = 0.03

/** Makes a question ready, with what is left of the budget now; undefined where nothing is. */
export function readyCall(
  deps: AskingDeps,
  peer: ConfiguredPeer,
  { question: asked, endsAt, signal }: Pick<Asking, 'question' | 'endsAt' | 'signal'>,
): ReadyCall | undefined {
  const timeMs = endsAt - performance.now()
  const budgetMs = Math.floor(timeMs - Math.max(reserveMs, reserveShare * timeMs))
  if (budgetMs < 1) return undefined
  const question: SearchQuestion = { ...asked, budgetMs }
  const stopping = new AbortController()
  const sending = Promise.withResolvers<void>()
  const options = {
    timeoutMs: budgetMs + deps.lateWaits.waitMs,
    signal: AbortSignal.any([signal, stopping.signal]),
    sendAfter: sending.promise,
  }
  const call = async () => deps.callPeer(peer).search(question, options)
  const answer = call()
  answer.catch(() => undefined) // whoever sends it hears of it
  const stop = () => {
    stopping.abort()
    sending.resolve()
  }
  let isSent = false
  return {
    budgetMs,
    stop,
    send() {
      isSent = true
      sending.resolve()
      return answer
    },
    stopUnsent() {
      if (!isSent) stop()
    },
  }
}
