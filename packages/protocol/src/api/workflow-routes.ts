import { Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { DraftView } from './shapes.ts'
import { Cursor, DraftId, Etag, FindingId, IdempotencyKey, Instant, Limit, Position, RecordId } from './values.ts'
import {
  AuditPage,
  ChangesView,
  ClearanceInput,
  ClearanceView,
  CommentInput,
  CommentView,
  DraftOrReceipt,
  GroupInput,
  GroupView,
  Hazard,
  MarkingChange,
  Note,
  ReviewView,
} from './workflow-shapes.ts'

const closed = { additionalProperties: false } as const
const byId = Type.Object({ id: DraftId }, closed)
const byGroup = Type.Object({ finding: FindingId }, closed)
const onceOnly = Type.Object({ 'idempotency-key': IdempotencyKey })
const asRead = Type.Object({ 'idempotency-key': IdempotencyKey, 'if-match': Type.Optional(Etag) })
const moving = [
  'not-found',
  'conflict',
  'already-published',
  'precondition-required',
  'precondition-failed',
  'idempotency-mismatch',
] as const
const publishing = [
  'marking-invalid',
  'statement-too-large',
  'too-large',
  'conflict',
  'version-conflict',
  'idempotency-mismatch',
  'log-unconfirmed',
  'disk-full',
] as const

export const submitDraft = {
  method: 'POST',
  url: '/v1/drafts/:id/submit',
  access: 'person',
  scope: 'draft',
  operationId: 'submitDraft',
  summary: 'Submit a draft for review',
  description: 'From then on somebody who wrote no part of it may approve it or send it back. Needs `If-Match`.',
  tags: ['review'],
  problems: moving,
  schema: {
    params: byId,
    headers: asRead,
    body: Type.Object({ note: Type.Optional(Note) }, closed),
    response: { 200: DraftView },
  },
} as const satisfies RouteContract

export const recallDraft = {
  method: 'POST',
  url: '/v1/drafts/:id/recall',
  access: 'person',
  scope: 'draft',
  operationId: 'recallDraft',
  summary: 'Take a draft out of review',
  description: 'It is a draft again; what was approved of it counts no longer. Needs `If-Match`.',
  tags: ['review'],
  problems: moving,
  schema: { params: byId, headers: asRead, response: { 200: DraftView } },
} as const satisfies RouteContract

export const sendBackDraft = {
  method: 'POST',
  url: '/v1/drafts/:id/send-back',
  access: 'person',
  scope: 'review',
  operationId: 'sendBackDraft',
  summary: 'Send a draft back to its author',
  description: 'With the reason. Needs `If-Match`.',
  tags: ['review'],
  problems: moving,
  schema: {
    params: byId,
    headers: asRead,
    body: Type.Object({ reason: Note }, closed),
    response: { 200: DraftView },
  },
} as const satisfies RouteContract

export const approveDraft = {
  method: 'POST',
  url: '/v1/drafts/:id/approve',
  access: 'person',
  scope: 'review',
  operationId: 'approveDraft',
  summary: 'Approve a draft',
  description:
    'Approves exactly the state that was read; any change voids it. Not for whoever wrote a part of it. Needs `If-Match`.',
  tags: ['review'],
  problems: [...moving, 'own-work'],
  schema: {
    params: byId,
    headers: asRead,
    body: Type.Object({ hazard: Hazard, note: Type.Optional(Note) }, closed),
    response: { 200: DraftView },
  },
} as const satisfies RouteContract

export const getReview = {
  method: 'GET',
  url: '/v1/drafts/:id/reviews',
  access: 'person',
  scope: 'draft',
  alsoScopes: ['review', 'publish'],
  operationId: 'getReview',
  summary: 'See how far a draft is',
  description: 'What was done to the draft in review, and whether it can be published.',
  tags: ['review'],
  problems: ['not-found'],
  schema: { params: byId, response: { 200: ReviewView } },
} as const satisfies RouteContract

export const getChanges = {
  method: 'GET',
  url: '/v1/drafts/:id/changes',
  access: 'person',
  scope: 'review',
  alsoScopes: ['draft', 'publish'],
  operationId: 'getChanges',
  summary: 'See what is new in a draft',
  description: 'Field by field, against the published version before it and against what was last reviewed.',
  tags: ['review'],
  problems: ['not-found'],
  schema: { params: byId, response: { 200: ChangesView } },
} as const satisfies RouteContract

export const addComment = {
  method: 'POST',
  url: '/v1/drafts/:id/comments',
  access: 'person',
  scope: 'review',
  alsoScopes: ['draft'],
  operationId: 'addComment',
  summary: 'Comment on a field of a draft',
  description: 'The comment stands at the state that was read. Needs `If-Match`.',
  tags: ['review'],
  problems: moving,
  schema: { params: byId, headers: asRead, body: CommentInput, response: { 201: CommentView } },
} as const satisfies RouteContract

export const listComments = {
  method: 'GET',
  url: '/v1/drafts/:id/comments',
  access: 'person',
  scope: 'review',
  alsoScopes: ['draft', 'publish'],
  operationId: 'listComments',
  summary: 'List the comments on a draft',
  description: 'Oldest first, those on earlier states too.',
  tags: ['review'],
  problems: ['not-found'],
  schema: { params: byId, response: { 200: Type.Object({ items: Type.Array(CommentView) }) } },
} as const satisfies RouteContract

export const resolveComment = {
  method: 'PUT',
  url: '/v1/drafts/:id/comments/:comment',
  access: 'person',
  scope: 'review',
  alsoScopes: ['draft'],
  operationId: 'resolveComment',
  summary: 'Resolve a comment, or open it again',
  description: 'Repeating it changes nothing.',
  tags: ['review'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({ id: DraftId, comment: Position }, closed),
    body: Type.Object({ resolved: Type.Boolean() }, closed),
    response: { 200: CommentView },
  },
} as const satisfies RouteContract

export const addClearance = {
  method: 'POST',
  url: '/v1/drafts/:id/clearances',
  access: 'person',
  scope: 'draft',
  operationId: 'addClearance',
  summary: 'Note that a developer is shown a draft',
  description: 'Publishing waits until its outcome is entered. Developer and agreement stay on this node.',
  tags: ['review'],
  problems: ['not-found', 'already-published', 'idempotency-mismatch'],
  schema: { params: byId, headers: onceOnly, body: ClearanceInput, response: { 201: ClearanceView } },
} as const satisfies RouteContract

export const listClearances = {
  method: 'GET',
  url: '/v1/drafts/:id/clearances',
  access: 'person',
  scope: 'draft',
  alsoScopes: ['review', 'publish'],
  operationId: 'listClearances',
  summary: 'List the clearances of a draft',
  description: 'Which developers are shown the draft, and what came of it.',
  tags: ['review'],
  problems: ['not-found'],
  schema: { params: byId, response: { 200: Type.Object({ items: Type.Array(ClearanceView) }) } },
} as const satisfies RouteContract

const byClearance = Type.Object({ id: DraftId, clearance: Position }, closed)

export const decideClearance = {
  method: 'PUT',
  url: '/v1/drafts/:id/clearances/:clearance',
  access: 'person',
  scope: 'draft',
  operationId: 'decideClearance',
  summary: 'Enter the outcome of a clearance',
  description: '`no-answer` only once its due date has passed. Repeating it changes nothing.',
  tags: ['review'],
  problems: ['not-found', 'already-published', 'conflict'],
  schema: {
    params: byClearance,
    body: Type.Object(
      { outcome: Type.Enum(['cleared', 'commented', 'objected', 'no-answer']), note: Type.Optional(Note) },
      closed,
    ),
    response: { 200: ClearanceView },
  },
} as const satisfies RouteContract

export const overrideClearance = {
  method: 'POST',
  url: '/v1/drafts/:id/clearances/:clearance/override',
  access: 'person',
  scope: 'publish',
  operationId: 'overrideClearance',
  summary: 'Publish without waiting for a clearance',
  description: 'The reason goes into the audit trail. Repeating it changes nothing.',
  tags: ['review'],
  problems: ['not-found', 'already-published', 'conflict'],
  schema: {
    params: byClearance,
    body: Type.Object({ reason: Note }, closed),
    response: { 200: ClearanceView },
  },
} as const satisfies RouteContract

export const markRecord = {
  method: 'POST',
  url: '/v1/records/:id/marking',
  access: 'person',
  scope: 'draft',
  operationId: 'markRecord',
  summary: 'Give a record another marking',
  description:
    'One of this institute’s own records of content. What only narrows is published at once where the caller may publish; everything else becomes a draft, to be reviewed.',
  tags: ['records'],
  problems: ['not-found', ...publishing],
  schema: {
    params: Type.Object({ id: RecordId }, closed),
    headers: onceOnly,
    body: MarkingChange,
    response: { 201: DraftOrReceipt },
  },
} as const satisfies RouteContract

export const createGroup = {
  method: 'POST',
  url: '/v1/groups',
  access: 'person',
  scope: 'draft',
  operationId: 'createGroup',
  summary: 'Create a group',
  description: 'A draft of its first snapshot, to be reviewed. The node renews what is published before it ends.',
  tags: ['groups'],
  problems: ['statement-too-large', 'idempotency-mismatch'],
  schema: { headers: onceOnly, body: GroupInput, response: { 201: DraftView } },
} as const satisfies RouteContract

export const replaceGroup = {
  method: 'PUT',
  url: '/v1/groups/:finding',
  access: 'person',
  scope: 'draft',
  operationId: 'replaceGroup',
  summary: 'Change a group',
  description:
    'The whole of its next snapshot. Fewer members or less history are published at once where the caller may publish; everything else becomes a draft, to be reviewed.',
  tags: ['groups'],
  problems: ['not-found', ...publishing],
  schema: { params: byGroup, headers: onceOnly, body: GroupInput, response: { 201: DraftOrReceipt } },
} as const satisfies RouteContract

export const listGroups = {
  method: 'GET',
  url: '/v1/groups',
  access: 'person',
  scope: 'draft',
  alsoScopes: ['review', 'publish', 'operate'],
  operationId: 'listGroups',
  summary: 'List groups',
  description: 'Every group known here, of this institute and of others.',
  tags: ['groups'],
  schema: { response: { 200: Type.Object({ items: Type.Array(GroupView) }) } },
} as const satisfies RouteContract

export const getGroup = {
  method: 'GET',
  url: '/v1/groups/:finding',
  access: 'person',
  scope: 'draft',
  alsoScopes: ['review', 'publish', 'operate'],
  operationId: 'getGroup',
  summary: 'Get a group',
  description: 'The newest snapshot of one group of this institute.',
  tags: ['groups'],
  problems: ['not-found'],
  schema: { params: byGroup, response: { 200: GroupView } },
} as const satisfies RouteContract

export const listAudit = {
  method: 'GET',
  url: '/v1/audit',
  access: 'person',
  scope: 'operate',
  alsoScopes: ['review'],
  operationId: 'listAudit',
  summary: 'Read the audit trail',
  description: 'Who did what here, newest first. Nobody can change it through this node.',
  tags: ['operation'],
  problems: ['invalid'],
  schema: {
    querystring: Type.Object(
      {
        cursor: Type.Optional(Cursor),
        limit: Type.Optional(Limit),
        actor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
        act: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
        from: Type.Optional(Instant),
      },
      closed,
    ),
    response: { 200: AuditPage },
  },
} as const satisfies RouteContract
