/** Every number of the protocol that a user or a peer can meet. `docs/protocol.md` explains each. */
export const limits = {
  /** Canonical payload of a statement, so that cloud key services (4,096 bytes) can sign it. */
  statementBytes: 2_900,
  /** Compact JWS of a statement, checkpoint, coverage statement or answer. */
  compactBytes: 4_352,
  /** Canonical text of a body. */
  bodyBytes: 256 * 1024,
  /** Compact JWS of a keyset document. */
  keysetBytes: 48 * 1024,
  /** Compact JWS of a node document, which carries a keyset document. */
  nodeDocumentBytes: 96 * 1024,
  /** Keys in one keyset document, roots apart. */
  keysetKeys: 32,
  keysetRoots: 4,
  /** Nesting of arrays and objects in any JSON. */
  jsonDepth: 32,
  /** The whole request token. */
  tokenBytes: 4_096,
  tokenLifetimeSeconds: 60,
  /** How far two clocks may differ. */
  skewSeconds: 30,
  /** Request target (path and query) inside a request token. */
  targetBytes: 2_048,
  pageEntries: 1_000,
  pageBytes: 4 * 1024 * 1024,
  /** Longest wait of a long poll. */
  waitSeconds: 25,
  /** Free handling instruction of a marking, UTF-8. */
  handlingBytes: 200,
  /** Institutes of one group. */
  groupMembers: 1_000,
  /** Longest time a snapshot of a group is valid. */
  groupLifetimeSeconds: 7 * 24 * 60 * 60,
  /** Items of one page of an access feed, and its compact JWS. */
  accessItems: 1_000,
  accessPageBytes: 128 * 1024,
  /** Positions that one coverage statement can name as narrowed; a page ends before it would have more. */
  narrowedPositions: 50,
  /** Relations of one statement; further citations go into the body. */
  relations: 8,
  entityIdBytes: 200,
  /** Longest time a search may take, and hits of one institute in it. */
  searchBudgetMs: 30_000,
  answerHits: 50,
  /** Hit lines of one answer to a search, together. */
  answerBytes: 4 * 1024 * 1024,
  /** Hashes of one inclusion or consistency proof. */
  proofHashes: 63,
} as const
