import { Type } from 'typebox'
import { Misconduct, PeerSyncView, PeerView, QuarantinedEntry } from './log-shapes.ts'
import type { RouteContract } from './route.ts'
import { EntityId } from './values.ts'

const closed = { additionalProperties: false } as const

export const listPeers = {
  method: 'GET',
  url: '/v1/peers',
  access: 'person',
  scope: 'read',
  operationId: 'listPeers',
  summary: 'List the peers',
  description: 'The institutes this node exchanges with, and the root key it pins for each.',
  tags: ['peers'],
  schema: { response: { 200: Type.Object({ items: Type.Array(PeerView) }) } },
} as const satisfies RouteContract

export const listPeerSync = {
  method: 'GET',
  url: '/v1/peers/sync',
  access: 'person',
  scope: 'read',
  operationId: 'listPeerSync',
  summary: 'Show how far each peer is copied',
  description: 'State, verified size and last error of the copy of each peer’s log.',
  tags: ['peers'],
  schema: { response: { 200: Type.Object({ items: Type.Array(PeerSyncView) }) } },
} as const satisfies RouteContract

export const syncNow = {
  method: 'POST',
  url: '/v1/sync',
  access: 'person',
  scope: 'operate',
  operationId: 'syncNow',
  summary: 'Copy the peers’ logs now',
  description: 'One round with every active peer, or with `peer` alone; answers when it is done. Harmless to repeat.',
  tags: ['peers'],
  problems: ['not-found', 'invalid'],
  schema: {
    body: Type.Object({ peer: Type.Optional(EntityId) }, closed),
    response: { 200: Type.Object({ items: Type.Array(PeerSyncView) }) },
  },
} as const satisfies RouteContract

export const listMisconduct = {
  method: 'GET',
  url: '/v1/misconduct',
  access: 'person',
  scope: 'read',
  operationId: 'listMisconduct',
  summary: 'List kept evidence of misconduct',
  description: 'Signed contradictions found so far. Each bundle can be handed on and checked by anybody.',
  tags: ['peers'],
  schema: { response: { 200: Type.Object({ items: Type.Array(Misconduct) }) } },
} as const satisfies RouteContract

export const listQuarantine = {
  method: 'GET',
  url: '/v1/quarantine',
  access: 'person',
  scope: 'operate',
  operationId: 'listQuarantine',
  summary: 'List quarantined entries',
  description: 'Entries that are stored and proven but not interpreted, with the reason for each.',
  tags: ['peers'],
  schema: { response: { 200: Type.Object({ items: Type.Array(QuarantinedEntry) }) } },
} as const satisfies RouteContract
