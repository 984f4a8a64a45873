import type { PageTrailer, SearchQuestion, WireEntry } from '@concordance/protocol'

/** An institute this node exchanges with, as configured by its operator. */
export interface Peer {
  readonly iss: string
  readonly baseUrl: string
  /** RFC 7638 thumbprint of the root key, exchanged out of band. */
  readonly pin: string
  /** Allows plain http to a literal loopback address. */
  readonly insecureLoopback?: boolean
  /** Private networks that the peer's name may resolve to. */
  readonly allowCidrs?: readonly string[]
}

/** One page of a peer's log. Attacker-controlled until `verifyPage` has passed. */
export interface EntriesPage {
  readonly entries: readonly WireEntry[]
  readonly trailer: PageTrailer
  /** Size on the wire. */
  readonly bytes: number
}

/** What a peer says it saw of another institute's log. Only the signatures in it count. */
export interface PeerObservations {
  readonly checkpoints: readonly string[]
  readonly coverage: readonly { readonly jws: string }[]
  readonly next: number
}

/**
 * The calls made to one peer, each with a deadline of its own. An answer may say anything: callers verify.
 * A failed call rejects with the client's error; nothing is retried here.
 */
export interface PeerCalls {
  /** Up to `limit` entries from `from`; waits up to `waitSeconds` for the first one, or for news beyond `accessAt`. */
  fetchEntries(page: {
    from: number
    limit: number
    waitSeconds: number
    accessAt?: number
    signal?: AbortSignal
  }): Promise<EntriesPage>
  /** Compact JWS of a page of the access feed that the peer keeps for us, from item `from`. */
  fetchAccess(from: number, signal?: AbortSignal): Promise<string>
  /** Compact JWS of the node document. */
  fetchNodeDocument(signal?: AbortSignal): Promise<string>
  /** What the peer saw of the log `origin` at positions from `from` on; undefined when it follows no such log. */
  fetchObservations(
    about: { origin: string; from: number },
    signal?: AbortSignal,
  ): Promise<PeerObservations | undefined>
  /** Newest checkpoint (compact JWS) the peer holds of the log `origin`; undefined when it holds none. */
  fetchHeldCheckpoint(origin: string, signal?: AbortSignal): Promise<string | undefined>
  /** Says that our log has grown. A hint. */
  notify(size: number): Promise<void>
  /**
   * Asks a search within `timeoutMs`; the answer is signed, the hits are the lines it speaks of.
   *
   * @param options.sendAfter Until it resolves nothing is sent.
   */
  search(
    question: SearchQuestion,
    options: { timeoutMs: number; signal?: AbortSignal; sendAfter?: Promise<void> },
  ): Promise<{ answer: string; hits: string[] }>
  close(): Promise<void>
}
