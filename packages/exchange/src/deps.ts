import type { Granularity, Keyset, Signer, Tlp } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import type { Tables } from './database/tables.ts'
import type { LogWriter } from './log/writer.ts'
import type { StemMemory } from './search/stem.ts'
import type { Wake } from './wake.ts'

/** Everything a use case may touch. Plain functions take it first; tests fill it with a clock and a random source of their own. */
export interface Deps {
  readonly db: Kysely<Tables>
  readonly pool: pg.Pool
  /** What is read for a viewer goes through `asViewer`, which alone uses this. */
  readonly reader: Kysely<Tables>
  readonly identity: Identity
  readonly signers: Signers
  readonly guard: Guard
  readonly peers: PeerDirectory
  readonly wake: Wake
  /** The one way into our own log. */
  readonly writer: LogWriter
  readonly log: Logger
  readonly stems: StemMemory
  /** Highest label that is taken in from others. */
  readonly accepts: Label
  readonly search: SearchSettings
  /** Milliseconds that one statement for a viewer may take; 30,000 where absent. */
  readonly readTimeoutMs?: number
  now(): Date
  /** Cryptographically strong bytes. */
  random(bytes: number): Uint8Array
}

/** How live searches are answered, and how often one may ask. */
export interface SearchSettings {
  /** Most that a peer is given; with `none` live searches are not answered. */
  readonly granularity: Granularity | 'none'
  /** Live questions of one asking institute, and of one person here. */
  readonly questionsAnHour: { readonly peer: number; readonly person: number }
}

/** Who this node is. */
export interface Identity {
  /** Entity id, also the `iss` of everything it signs. */
  readonly iss: string
  /** Origin of our own log. */
  readonly origin: string
  /** Where peers reach the node, without a trailing slash. */
  readonly base: string
  /** Name of the institute by language tag. */
  readonly name: Readonly<Record<string, string>>
  /** RFC 7638 thumbprint of the first root key: what peers pin. */
  readonly pin: string
  /** The newest keyset document of our own. */
  keyset(): Keyset
}

export interface Signers {
  readonly record: Signer
  readonly log: Signer
  readonly request: Signer
}

/** Size and root of a tree; the root as base64url. */
export interface TreeHead {
  readonly size: number
  readonly root: string
}

/**
 * What the guard file knows about our own log, outside the database:
 * `last` is the newest append that was about to be committed, `prev` the one before it, which was committed;
 * `sealed` is the newest head that was about to be signed.
 */
export interface GuardState {
  readonly prev: TreeHead | undefined
  readonly last: TreeHead | undefined
  readonly sealed: TreeHead | undefined
}

/** See `openGuard`. */
export interface Guard {
  /** Undefined where nothing was ever written. */
  read(): GuardState | undefined
  /** Durable when it returns. Only the holder of our log's row lock may call it. */
  intend(prev: TreeHead, last: TreeHead): Promise<void>
  /** Survives the process, not necessarily the power. Only the holder of the sealing lock may call it. */
  seal(head: TreeHead): void
  close(): void
}

/** A label that can travel: RED never leaves its institute. */
export type Label = Exclude<Tlp, 'RED'>

/** The peers of the configuration. Whether one is active, suspended or removed is in the database. */
export interface PeerDirectory {
  list(): readonly ConfiguredPeer[]
  find(iss: string): ConfiguredPeer | undefined
}

export interface ConfiguredPeer {
  readonly iss: string
  readonly baseUrl: string
  /** RFC 7638 thumbprint of the peer's first root key, exchanged out of band. */
  readonly pin: string
  /** Allows plain http to a literal loopback address. */
  readonly insecureLoopback?: boolean
  /** Highest label this institute is given; `AMBER+STRICT` where absent. */
  readonly ceiling?: Label
  /** Private networks that this peer's name may resolve to. */
  readonly allowCidrs?: readonly string[]
}

/** What of pino is used here. Objects hold ids and codes, never content. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
