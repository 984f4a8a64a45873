import { type Static, Type } from 'typebox'
import { Digest, EntityId, FindingId, Instant, JsonObject, Jws, Origin, Position, RecordId, Size } from './values.ts'

export const PeerView = Type.Object(
  {
    iss: EntityId,
    baseUrl: Type.String(),
    pin: Digest,
    state: Type.Enum(['active', 'suspended', 'removed']),
  },
  { $id: 'Peer', description: 'Another institute’s node, as this node sees it.' },
)

export const PeerSyncView = Type.Object(
  {
    iss: EntityId,
    origin: Origin,
    state: Type.Enum(['following', 'held', 'unverifiable', 'frozen'], {
      description: 'How this node treats the peer’s log.',
    }),
    reason: Type.Optional(Type.String()),
    size: Size,
    stagedSize: Size,
    announcedSize: Type.Optional(Size),
    lastSyncedAt: Type.Optional(Instant),
    lastError: Type.Optional(Type.String({ description: 'A code, never content.' })),
    lastErrorAt: Type.Optional(Instant),
    comparedAt: Type.Optional(Instant),
  },
  { $id: 'PeerSync', description: 'How far this node has copied and verified one peer’s log.' },
)

export const Misconduct = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    iss: EntityId,
    kind: Type.Enum(
      [
        'two-roots',
        'rollback',
        'not-append-only',
        'two-records-for-one-version',
        'contradicted-coverage',
        'contradicted-narrowing',
        'false-narrowing',
        'two-keysets',
      ],
      { description: 'Which two signed things cannot both be true.' },
    ),
    foundAt: Instant,
    bundle: JsonObject,
  },
  {
    $id: 'Misconduct',
    description: 'Signed proof that an institute contradicted itself. The bundle convinces a third party by itself.',
  },
)

export const QuarantinedEntry = Type.Object(
  {
    iss: EntityId,
    origin: Origin,
    position: Position,
    recordId: Type.Optional(RecordId),
    code: Type.String(),
    detail: Type.String(),
  },
  { $id: 'QuarantinedEntry', description: 'A record that is stored and proven but not interpreted, and why.' },
)

export const CheckpointView = Type.Object(
  {
    checkpoint: Jws,
    note: Type.Optional(
      Type.String({
        description: 'The same size and root as a C2SP signed note; absent where the log key is not Ed25519.',
      }),
    ),
  },
  { $id: 'Checkpoint', description: 'The signed size and root of a log.' },
)

export const InclusionProof = Type.Object(
  { position: Position, leaf: Digest, size: Size, root: Digest, hashes: Type.Array(Digest) },
  { $id: 'InclusionProof', description: 'Sibling hashes from leaf to root (RFC 9162 §2.1.3).' },
)

export const ConsistencyProof = Type.Object(
  {
    from: Type.Object({ size: Size, root: Digest }),
    to: Type.Object({ size: Size, root: Digest }),
    hashes: Type.Array(Digest),
  },
  { $id: 'ConsistencyProof', description: 'Proof that the larger log begins with the smaller one (RFC 9162 §2.1.4).' },
)

export const Observations = Type.Object(
  {
    iss: EntityId,
    origin: Origin,
    checkpoints: Type.Array(Jws),
    coverage: Type.Array(Type.Object({ jws: Jws })),
    versions: Type.Array(
      Type.Object({ position: Position, finding: FindingId, version: Type.Integer({ minimum: 1 }), record: RecordId }),
    ),
    next: Position,
  },
  { $id: 'Observations', description: 'What this node saw of another institute’s log, for peers to compare.' },
)

export const LogCheck = Type.Object(
  {
    ok: Type.Boolean(),
    size: Size,
    root: Digest,
    problems: Type.Array(Type.Object({ code: Type.String(), position: Type.Optional(Position) })),
  },
  { $id: 'LogCheck', description: 'Result of recomputing our own log from its stored bytes.' },
)

export type PeerView = Static<typeof PeerView>
export type PeerSyncView = Static<typeof PeerSyncView>
export type Misconduct = Static<typeof Misconduct>
export type QuarantinedEntry = Static<typeof QuarantinedEntry>
export type Observations = Static<typeof Observations>
export type LogCheck = Static<typeof LogCheck>
export type InclusionProof = Static<typeof InclusionProof>
export type ConsistencyProof = Static<typeof ConsistencyProof>
