import { Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { Receipt, RecordDetail, RecordInput, RecordPage, RecordProofFile, Tlp, VersionView } from './shapes.ts'
import { Cursor, EntityId, FindingId, IdempotencyKey, Limit, RecordId, RecordTypeName } from './values.ts'

const closed = { additionalProperties: false } as const
const byId = Type.Object({ id: RecordId }, closed)

export const getRecord = {
  method: 'GET',
  url: '/v1/records/:id',
  access: 'viewer',
  scope: 'read',
  operationId: 'getRecord',
  summary: 'Get a record',
  description:
    'One record with its signed statement, its body and the versions of its finding that are open to the viewer.',
  tags: ['records'],
  problems: ['not-found'],
  schema: { params: byId, response: { 200: RecordDetail } },
} as const satisfies RouteContract

export const getRecordBody = {
  method: 'GET',
  url: '/v1/records/:id/body',
  access: 'viewer',
  scope: 'read',
  operationId: 'getRecordBody',
  summary: 'Get the body of a record',
  description: 'The exact bytes whose digest the statement holds.',
  tags: ['records'],
  problems: ['not-found', 'gone'],
  schema: {
    params: byId,
    response: {
      200: Type.String({ description: 'Canonical JSON (RFC 8785), by the media type that the statement names.' }),
    },
  },
} as const satisfies RouteContract

export const getRecordProof = {
  method: 'GET',
  url: '/v1/records/:id/proof',
  access: 'viewer',
  scope: 'read',
  operationId: 'getRecordProof',
  summary: 'Export the proof of a record',
  description: 'One file that proves the record offline, under nothing but the pinned root key of its institute.',
  tags: ['records'],
  problems: ['not-found', 'unavailable'],
  schema: { params: byId, response: { 200: RecordProofFile } },
} as const satisfies RouteContract

export const listCitations = {
  method: 'GET',
  url: '/v1/records/:id/citations',
  access: 'viewer',
  scope: 'read',
  operationId: 'listCitations',
  summary: 'List what cites a record',
  description: 'Records open to the viewer that name the record or its finding, of every institute, newest first.',
  tags: ['records'],
  problems: ['invalid', 'not-found'],
  schema: {
    params: byId,
    querystring: Type.Object({ cursor: Type.Optional(Cursor), limit: Type.Optional(Limit) }, closed),
    response: { 200: RecordPage },
  },
} as const satisfies RouteContract

export const listRecords = {
  method: 'GET',
  url: '/v1/records',
  access: 'viewer',
  scope: 'read',
  operationId: 'listRecords',
  summary: 'List records',
  description: 'Records that are open to the viewer, newest first, of every institute copied here.',
  tags: ['records'],
  problems: ['invalid'],
  schema: {
    querystring: Type.Object(
      {
        cursor: Type.Optional(Cursor),
        limit: Type.Optional(Limit),
        type: Type.Optional(RecordTypeName),
        iss: Type.Optional(EntityId),
        tlp: Type.Optional(Tlp),
        status: Type.Optional(Type.Enum(['current', 'superseded', 'withdrawn'])),
        finding: Type.Optional(FindingId),
      },
      closed,
    ),
    response: { 200: RecordPage },
  },
} as const satisfies RouteContract

export const getFinding = {
  method: 'GET',
  url: '/v1/findings/:iss/:finding',
  access: 'viewer',
  scope: 'read',
  operationId: 'getFinding',
  summary: 'Get the versions of a finding',
  description: 'The versions of one institute’s finding that are open to the viewer, newest first.',
  tags: ['findings'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({ iss: EntityId, finding: FindingId }, closed),
    response: { 200: Type.Object({ iss: EntityId, finding: FindingId, versions: Type.Array(VersionView) }) },
  },
} as const satisfies RouteContract

export const publishRecord = {
  method: 'POST',
  url: '/v1/records',
  access: 'person',
  scope: 'publish',
  operationId: 'publishRecord',
  summary: 'Publish a record',
  description:
    'Validates, signs, appends and answers once the record is durable. RED alone: everything else goes through a draft, which a second person approves.',
  tags: ['records'],
  problems: [
    'invalid',
    'marking-invalid',
    'statement-too-large',
    'too-large',
    'review-required',
    'version-conflict',
    'idempotency-mismatch',
    'log-unconfirmed',
    'disk-full',
  ],
  schema: {
    headers: Type.Object({ 'idempotency-key': IdempotencyKey }),
    body: RecordInput,
    response: { 201: Receipt },
  },
} as const satisfies RouteContract
