import { Type } from 'typebox'
import type { RouteContract } from './route.ts'

export const getNodeDocument = {
  method: 'GET',
  url: '/.well-known/concordance',
  access: 'public',
  operationId: 'getNodeDocument',
  summary: 'Describe this node',
  description:
    'The node document: entity id, origin, base URL, newest keyset document, protocol versions, features and limits, signed with the log key.',
  tags: ['node'],
  produces: ['application/jwt'],
  schema: { response: { 200: Type.String({ description: 'Compact JWS, typ `concordance-node+jwt`.' }) } },
} as const satisfies RouteContract

export const getLiveness = {
  method: 'GET',
  url: '/livez',
  access: 'public',
  operationId: 'getLiveness',
  summary: 'Is the process alive',
  description: 'Answers as long as the process serves requests; looks at nothing else.',
  tags: ['node'],
  schema: { response: { 200: Type.Object({ status: Type.Literal('ok') }) } },
} as const satisfies RouteContract

export const getReadiness = {
  method: 'GET',
  url: '/readyz',
  access: 'public',
  operationId: 'getReadiness',
  summary: 'Can the node serve',
  description:
    'Looks at the database, its migrations and the state of our own log, never at a peer. A log that is not confirmed still reads, so the node is ready and says so.',
  tags: ['node'],
  problems: ['unavailable'],
  schema: {
    response: {
      200: Type.Object({
        status: Type.Literal('ready'),
        log: Type.Enum(['confirmed', 'unconfirmed'], { description: 'Publishing answers 503 while unconfirmed.' }),
      }),
    },
  },
} as const satisfies RouteContract

export const getOpenApi = {
  method: 'GET',
  url: '/v1/openapi.json',
  access: 'public',
  operationId: 'getOpenApi',
  summary: 'This description',
  description: 'The OpenAPI 3.1 document of this API, generated from the same values that validate its requests.',
  tags: ['node'],
  schema: { response: { 200: Type.Record(Type.String(), Type.Unknown()) } },
} as const satisfies RouteContract

export const getReference = {
  method: 'GET',
  url: '/v1/docs',
  access: 'public',
  operationId: 'getReference',
  summary: 'Read this description',
  description: 'The API reference as one page of HTML, without scripts and without anything from elsewhere.',
  tags: ['node'],
  produces: ['text/html'],
  schema: { response: { 200: Type.String() } },
} as const satisfies RouteContract

export const getProblem = {
  method: 'GET',
  url: '/v1/problems/:code',
  access: 'public',
  operationId: 'getProblem',
  summary: 'Explain a problem code',
  description: 'What a problem code means and what to do about it.',
  tags: ['node'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({
      code: Type.String({ description: 'Problem code.', pattern: '^[a-z-]{1,40}$', examples: ['not-found'] }),
    }),
    response: {
      200: Type.Object({
        type: Type.String(),
        code: Type.String(),
        title: Type.String(),
        status: Type.Integer(),
        remedy: Type.String(),
      }),
    },
  },
} as const satisfies RouteContract
