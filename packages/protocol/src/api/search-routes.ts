import { Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { SearchResult } from './shapes.ts'
import { EntityId, Jws, Limit, RecordTypeName } from './values.ts'

const closed = { additionalProperties: false } as const
const Words = Type.String({ minLength: 1, maxLength: 200, description: 'Words to look for.', examples: ['refusal'] })
const BudgetMs = Type.Integer({
  minimum: 50,
  maximum: 10_000,
  description: 'Milliseconds the search may take.',
  examples: [1500],
})

export const search = {
  method: 'GET',
  url: '/v1/search',
  access: 'person',
  scope: 'read',
  operationId: 'search',
  summary: 'Search',
  description:
    'Searches everything copied here. With `federated`, asks every active peer live as well, within `budgetMs`, and gives one status for each; `complete` is true only if all answered.',
  tags: ['search'],
  problems: ['invalid'],
  schema: {
    querystring: Type.Object(
      {
        q: Words,
        type: Type.Optional(RecordTypeName),
        iss: Type.Optional(EntityId),
        limit: Type.Optional(Limit),
        federated: Type.Optional(Type.Boolean({ description: 'Ask the peers too; false where absent.' })),
        budgetMs: Type.Optional(BudgetMs),
      },
      closed,
    ),
    response: { 200: SearchResult },
  },
} as const satisfies RouteContract

export const answerSearch = {
  method: 'POST',
  url: '/v1/search',
  access: 'peer',
  operationId: 'answerSearch',
  summary: 'Answer a peer’s search',
  description:
    'Searches this institute’s own log for what is open to the asking institute. The answer is signed over the hit lines; it is the same whether closed matches exist or not.',
  tags: ['search'],
  problems: ['invalid'],
  schema: {
    body: Type.Object(
      {
        queryId: Type.String({
          pattern: '^[A-Za-z0-9_-]{8,64}$',
          description: 'Chosen by the asker; repeated in the answer.',
        }),
        budgetMs: BudgetMs,
        granularity: Type.Enum(['boolean', 'count', 'summary', 'full'], {
          description: 'How much the asker wants to know.',
        }),
        for: Type.Enum(['staff', 'researcher'], { description: 'For whom the institute asks.' }),
        filters: Type.Object({ q: Words, type: Type.Optional(RecordTypeName), limit: Type.Optional(Limit) }, closed),
      },
      closed,
    ),
    response: {
      200: Type.Object({
        answer: Jws,
        hits: Type.Array(
          Type.String({ description: 'Canonical JSON of one hit; the signed digest runs over these lines.' }),
        ),
      }),
    },
  },
} as const satisfies RouteContract
