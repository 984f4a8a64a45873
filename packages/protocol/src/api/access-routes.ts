import { Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { Audience, MarkingView } from './shapes.ts'
import { EntityId, RecordId } from './values.ts'
import { GroupInput } from './workflow-shapes.ts'

const closed = { additionalProperties: false } as const

export const previewAudience = {
  method: 'POST',
  url: '/v1/audience',
  access: 'person',
  scope: 'draft',
  alsoScopes: ['review', 'publish'],
  operationId: 'previewAudience',
  summary: 'See where a marking would send a record',
  description:
    'For staff. Each active peer and the public, with the reason, by the rule that also delivers. Nothing is stored. A member that is not a peer gets nothing and is not listed. With `record`, another marking for that record of this institute, whose age counts; with `members`, the next snapshot of a group that lists them.',
  tags: ['access'],
  problems: ['invalid', 'marking-invalid', 'not-found'],
  schema: {
    body: Type.Object(
      {
        mark: MarkingView,
        record: Type.Optional(RecordId),
        members: Type.Optional(GroupInput.properties.members),
      },
      closed,
    ),
    response: { 200: Audience },
  },
} as const satisfies RouteContract

export const explainAccess = {
  method: 'GET',
  url: '/v1/records/:id/audience',
  access: 'person',
  scope: 'read',
  operationId: 'explainAccess',
  summary: 'See who may open a record, and why',
  description:
    'Of a record of this institute that is open to the caller: each active peer and the public, with the reason, as things stand now. Peers are listed for the institute’s staff alone, since they tell who is in a group.',
  tags: ['access'],
  problems: ['not-found'],
  schema: { params: Type.Object({ id: RecordId }, closed), response: { 200: Audience } },
} as const satisfies RouteContract

export const suspendPeer = {
  method: 'POST',
  url: '/v1/peers/:iss/suspend',
  access: 'person',
  scope: 'operate',
  operationId: 'suspendPeer',
  summary: 'Suspend a peer',
  description: 'From now on the peer is answered no more; what it holds it holds. Again is harmless.',
  tags: ['peers'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({ iss: EntityId }, closed),
    response: { 204: Type.Null({ description: 'Suspended.' }) },
  },
} as const satisfies RouteContract

export const resumePeer = {
  method: 'POST',
  url: '/v1/peers/:iss/resume',
  access: 'person',
  scope: 'operate',
  operationId: 'resumePeer',
  summary: 'Take a suspended peer back',
  description: 'The peer is active again, and is told to read our log from the start. Again is harmless.',
  tags: ['peers'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({ iss: EntityId }, closed),
    response: { 204: Type.Null({ description: 'Active.' }) },
  },
} as const satisfies RouteContract
