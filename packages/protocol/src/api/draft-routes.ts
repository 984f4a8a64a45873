import { Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { DraftInput, DraftPage, DraftView, Receipt } from './shapes.ts'
import { Cursor, DraftId, EntityId, Etag, FindingId, IdempotencyKey, Limit, LocalizedText, RecordId } from './values.ts'

const closed = { additionalProperties: false } as const
const byId = Type.Object({ id: DraftId }, closed)
const byFinding = Type.Object({ finding: FindingId }, closed)
const onceOnly = Type.Object({ 'idempotency-key': IdempotencyKey })
const publishing = [
  'invalid',
  'marking-invalid',
  'statement-too-large',
  'version-conflict',
  'idempotency-mismatch',
  'log-unconfirmed',
  'disk-full',
] as const

export const createDraft = {
  method: 'POST',
  url: '/v1/drafts',
  access: 'person',
  scope: 'draft',
  operationId: 'createDraft',
  summary: 'Create a draft',
  description: 'Stores unsigned work as version 1 of a new finding.',
  tags: ['drafts'],
  problems: ['invalid', 'marking-invalid', 'statement-too-large', 'too-large', 'idempotency-mismatch'],
  schema: { headers: onceOnly, body: DraftInput, response: { 201: DraftView } },
} as const satisfies RouteContract

export const listDrafts = {
  method: 'GET',
  url: '/v1/drafts',
  access: 'person',
  scope: 'draft',
  alsoScopes: ['review', 'publish'],
  operationId: 'listDrafts',
  summary: 'List drafts',
  description:
    'Drafts of this institute that are not published yet, last changed first; RED ones for those who wrote them and for reviewers.',
  tags: ['drafts'],
  problems: ['invalid'],
  schema: {
    querystring: Type.Object({ cursor: Type.Optional(Cursor), limit: Type.Optional(Limit) }, closed),
    response: { 200: DraftPage },
  },
} as const satisfies RouteContract

export const getDraft = {
  method: 'GET',
  url: '/v1/drafts/:id',
  access: 'person',
  scope: 'draft',
  alsoScopes: ['review', 'publish'],
  operationId: 'getDraft',
  summary: 'Get a draft',
  description: 'One draft; its `ETag` is needed to change it.',
  tags: ['drafts'],
  problems: ['not-found'],
  schema: { params: byId, response: { 200: DraftView } },
} as const satisfies RouteContract

export const replaceDraft = {
  method: 'PUT',
  url: '/v1/drafts/:id',
  access: 'person',
  scope: 'draft',
  operationId: 'replaceDraft',
  summary: 'Replace a draft',
  description:
    'Replaces the whole draft and takes it out of review; what was approved counts no longer. Needs `If-Match`.',
  tags: ['drafts'],
  problems: [
    'not-found',
    'invalid',
    'marking-invalid',
    'statement-too-large',
    'too-large',
    'precondition-required',
    'precondition-failed',
    'already-published',
  ],
  schema: {
    params: byId,
    headers: Type.Object({ 'if-match': Type.Optional(Etag) }),
    body: DraftInput,
    response: { 200: DraftView },
  },
} as const satisfies RouteContract

export const deleteDraft = {
  method: 'DELETE',
  url: '/v1/drafts/:id',
  access: 'person',
  scope: 'draft',
  operationId: 'deleteDraft',
  summary: 'Delete a draft',
  description: 'Deletes a draft that is not published. Needs `If-Match`.',
  tags: ['drafts'],
  problems: ['not-found', 'precondition-required', 'precondition-failed', 'already-published'],
  schema: {
    params: byId,
    headers: Type.Object({ 'if-match': Type.Optional(Etag) }),
    response: { 204: Type.Null({ description: 'Deleted.' }) },
  },
} as const satisfies RouteContract

export const publishDraft = {
  method: 'POST',
  url: '/v1/drafts/:id/publish',
  access: 'person',
  scope: 'publish',
  operationId: 'publishDraft',
  summary: 'Publish a draft',
  description:
    'Signs and appends the draft as it stands. Whatever anybody outside the institute may see has to be approved first. With `If-Match`, only the draft that was read. Publishing a published draft again returns its receipt.',
  tags: ['drafts'],
  problems: ['not-found', 'precondition-failed', 'review-required', 'clearance-open', 'conflict', ...publishing],
  schema: {
    params: byId,
    headers: Type.Object({ 'idempotency-key': IdempotencyKey, 'if-match': Type.Optional(Etag) }),
    response: { 201: Receipt },
  },
} as const satisfies RouteContract

export const reviseFinding = {
  method: 'POST',
  url: '/v1/findings/:finding/revise',
  access: 'person',
  scope: 'draft',
  operationId: 'reviseFinding',
  summary: 'Begin the next version of a finding',
  description: 'Creates a draft of the next version of one of this institute’s findings, filled from the current one.',
  tags: ['findings'],
  problems: ['not-found', 'withdrawn', 'idempotency-mismatch'],
  schema: { params: byFinding, headers: onceOnly, response: { 201: DraftView } },
} as const satisfies RouteContract

export const withdrawFinding = {
  method: 'POST',
  url: '/v1/findings/:finding/withdraw',
  access: 'person',
  scope: 'publish',
  operationId: 'withdrawFinding',
  summary: 'Withdraw a finding',
  description:
    'Publishes a withdrawal of the current version. Holders of the record hide its body and keep the statement.',
  tags: ['findings'],
  problems: ['not-found', 'withdrawn', 'conflict', ...publishing],
  schema: {
    params: byFinding,
    headers: onceOnly,
    body: Type.Object(
      {
        reason: Type.Enum(['error', 'invalid-samples', 'breach', 'information-hazard', 'legal', 'superseded']),
        note: Type.Optional(LocalizedText),
        replacement: Type.Optional(Type.Object({ iss: EntityId, record: RecordId }, closed)),
      },
      closed,
    ),
    response: { 201: Receipt },
  },
} as const satisfies RouteContract
