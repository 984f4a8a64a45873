import { Type } from 'typebox'
import { CheckpointView, ConsistencyProof, InclusionProof, LogCheck, Observations } from './log-shapes.ts'
import type { RouteContract } from './route.ts'
import { EntityId, Jws, Origin, Position, RecordId, Size } from './values.ts'

const closed = { additionalProperties: false } as const

export const getCheckpoint = {
  method: 'GET',
  url: '/v1/log/checkpoint',
  access: 'public',
  operationId: 'getCheckpoint',
  summary: 'Get the newest checkpoint',
  description:
    'The newest signed checkpoint of this institute’s log. `Accept: text/plain` gives the C2SP signed note alone.',
  tags: ['log'],
  produces: ['application/json', 'text/plain'],
  problems: ['not-acceptable', 'unavailable'],
  schema: { response: { 200: CheckpointView } },
} as const satisfies RouteContract

export const proveInclusion = {
  method: 'GET',
  url: '/v1/log/proof/inclusion',
  access: 'public',
  operationId: 'proveInclusion',
  summary: 'Prove that an entry is in the log',
  description:
    'Takes exactly one of `position` and `record`. `size` is the size of a signed checkpoint; the newest where absent. A record that is not open to the public is not found by its id.',
  tags: ['log'],
  problems: ['not-found', 'invalid'],
  schema: {
    querystring: Type.Object(
      { position: Type.Optional(Position), record: Type.Optional(RecordId), size: Type.Optional(Size) },
      closed,
    ),
    response: { 200: InclusionProof },
  },
} as const satisfies RouteContract

export const proveConsistency = {
  method: 'GET',
  url: '/v1/log/proof/consistency',
  access: 'public',
  operationId: 'proveConsistency',
  summary: 'Prove that the log only grew',
  description: 'Proof between two sizes of this log. `to` is the newest checkpoint’s size where absent.',
  tags: ['log'],
  problems: ['not-found', 'invalid'],
  schema: {
    querystring: Type.Object({ from: Size, to: Type.Optional(Size) }, closed),
    response: { 200: ConsistencyProof },
  },
} as const satisfies RouteContract

export const listEntries = {
  method: 'GET',
  url: '/v1/log/entries',
  access: 'peer',
  operationId: 'listEntries',
  summary: 'Copy the log',
  description:
    'One page of consecutive entries from `from`, one JSON object a line, then one line with `next`, the coverage statement and the newest checkpoint; without that last line the page must be discarded. A page holds at most 1,000 entries or 4 MiB, at least one where there is any. `wait` holds the request until the log grows, at most that many seconds; rights are read again when the page is made.',
  tags: ['log'],
  produces: ['application/x-ndjson'],
  problems: ['invalid', 'unavailable'],
  schema: {
    querystring: Type.Object(
      {
        from: Position,
        limit: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 1000, description: 'At most this many entries; 1,000 where absent.' }),
        ),
        wait: Type.Optional(
          Type.Integer({ minimum: 0, maximum: 25, description: 'Seconds to wait for a new entry; 0 where absent.' }),
        ),
        accessAt: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
            description: 'Items of the access feed the peer has read; with `wait`, a longer feed ends the wait too.',
          }),
        ),
      },
      closed,
    ),
    response: { 200: Type.String({ description: 'Entry lines, then the trailer line.' }) },
  },
} as const satisfies RouteContract

export const listAccess = {
  method: 'GET',
  url: '/v1/access',
  access: 'peer',
  operationId: 'listAccess',
  summary: 'Read how rights changed',
  description:
    'One signed page of the access feed that this node keeps for the asking peer, from item `from`: entries of the log that were opened to it, or closed to it, after they had been in the log. At most 1,000 items; `accessAt` of every coverage statement says how long the feed was.',
  tags: ['log'],
  problems: ['invalid', 'unavailable'],
  schema: {
    querystring: Type.Object({ from: Position }, closed),
    response: { 200: Type.Object({ page: Jws }) },
  },
} as const satisfies RouteContract

export const listObservations = {
  method: 'GET',
  url: '/v1/log/checkpoints',
  access: 'peer',
  operationId: 'listObservations',
  summary: 'Compare what was seen of a log',
  description:
    'Checkpoints, coverage statements and finding versions that this node saw of the log `origin`, for entries from `from`. Versions are given only of records that the asking peer may open.',
  tags: ['log'],
  problems: ['not-found', 'invalid'],
  schema: {
    querystring: Type.Object({ origin: Origin, from: Type.Optional(Position) }, closed),
    response: { 200: Observations },
  },
} as const satisfies RouteContract

export const getMirroredCheckpoint = {
  method: 'GET',
  url: '/v1/logs/:origin/checkpoint',
  access: 'peer',
  operationId: 'getMirroredCheckpoint',
  summary: 'Get the newest checkpoint of a copied log',
  description:
    'The newest checkpoint this node verified of the log `origin`. An institute asks its peers for its own after a restore.',
  tags: ['log'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({ origin: Origin }, closed),
    response: { 200: Type.Object({ iss: EntityId, checkpoint: Jws }) },
  },
} as const satisfies RouteContract

export const notify = {
  method: 'POST',
  url: '/v1/notify',
  access: 'peer',
  operationId: 'notify',
  summary: 'Say that a log grew',
  description: 'A hint that the asking institute’s log has this size. It may be dropped; pulling is the truth.',
  tags: ['log'],
  problems: ['invalid'],
  schema: {
    body: Type.Object({ size: Size }, closed),
    response: { 204: Type.Null({ description: 'Heard.' }) },
  },
} as const satisfies RouteContract

export const verifyLog = {
  method: 'GET',
  url: '/v1/log/verify',
  access: 'person',
  scope: 'operate',
  operationId: 'verifyLog',
  summary: 'Check our own log',
  description: 'Recomputes every leaf and the root of the newest checkpoint from the stored bytes.',
  tags: ['operation'],
  problems: ['unavailable'],
  schema: { response: { 200: LogCheck } },
} as const satisfies RouteContract

export const confirmLog = {
  method: 'POST',
  url: '/v1/log/confirm',
  access: 'person',
  scope: 'operate',
  operationId: 'confirmLog',
  summary: 'Confirm our own log after a restore',
  description:
    'Allows publishing again where the node could not itself prove that its database is the newest one. The caller answers for it; the act stands in the audit trail.',
  tags: ['operation'],
  problems: ['conflict', 'invalid'],
  schema: {
    body: Type.Object(
      {
        size: Size,
        reason: Type.String({
          minLength: 8,
          maxLength: 1000,
          description: 'Why this database is known to be the newest.',
        }),
      },
      closed,
    ),
    response: { 204: Type.Null({ description: 'Confirmed.' }) },
  },
} as const satisfies RouteContract
