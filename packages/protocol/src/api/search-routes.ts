import { Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { SearchFilters, searchFilters } from './search-filters.ts'
import { SearchResult } from './shapes.ts'
import { Cursor, Jws, Limit } from './values.ts'

const closed = { additionalProperties: false } as const
const Sort = Type.Enum(['relevance', 'newest'], {
  description: 'Best first, or newest first; without words the two are the same. `relevance` where absent.',
})
const BudgetMs = Type.Integer({
  minimum: 50,
  maximum: 10_000,
  description: 'Milliseconds the search may take.',
  examples: [1500],
})

export const search = {
  method: 'GET',
  url: '/v1/search',
  access: 'viewer',
  scope: 'read',
  operationId: 'search',
  summary: 'Search',
  description:
    'Searches everything copied here that is open to the viewer. With `federated`, which is for people alone, asks every active peer live as well, within `budgetMs`, and gives one status for each; `complete` is true only if all answered.',
  tags: ['search'],
  problems: ['invalid', 'forbidden'],
  schema: {
    querystring: Type.Object(
      {
        ...searchFilters,
        sort: Type.Optional(Sort),
        cursor: Type.Optional(Cursor),
        limit: Type.Optional(Limit),
        facets: Type.Optional(Type.Boolean({ description: 'Count the values of every facet; true where absent.' })),
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
        filters: SearchFilters,
        limit: Type.Optional(Limit),
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
