import { Type } from 'typebox'
import { limits } from '../limits.ts'
import type { RouteContract } from './route.ts'
import { Granularity, QuestionLabel, searchFilters } from './search-filters.ts'
import { SearchQuestion, Sort } from './search-question.ts'
import { LateAnswers, QueryId, SearchResult } from './search-shapes.ts'
import { Cursor, Jws, Limit } from './values.ts'

const closed = { additionalProperties: false } as const

/** How a search is asked here. */
const asked = {
  ...searchFilters,
  sort: Type.Optional(Sort),
  limit: Type.Optional(Limit),
  facets: Type.Optional(Type.Boolean({ description: 'Count the values of every facet; true where absent.' })),
} as const

/** How the peers are asked. */
const live = {
  budgetMs: Type.Optional(
    Type.Integer({
      minimum: 50,
      maximum: limits.searchBudgetMs,
      description: 'Milliseconds the search may take; 4,000 where absent.',
      examples: [1500],
    }),
  ),
  granularity: Type.Optional(Granularity),
  label: Type.Optional(QuestionLabel),
} as const

export const search = {
  method: 'GET',
  url: '/v1/search',
  access: 'viewer',
  scope: 'read',
  operationId: 'search',
  summary: 'Search',
  description:
    'Searches everything copied here that is open to the viewer. With `federated`, which is for people alone, asks every active peer live as well (the one that `iss` names, where it is given), within `budgetMs`, at the `granularity` (`full` where absent) and under the `label` (AMBER where absent), and gives one status for each; `complete` is true only if all answered ok.',
  tags: ['search'],
  problems: ['invalid', 'forbidden', 'rate'],
  schema: {
    querystring: Type.Object(
      {
        ...asked,
        cursor: Type.Optional(Cursor),
        federated: Type.Optional(
          Type.Boolean({ description: 'Ask the peers too; false where absent. Takes no `cursor`.' }),
        ),
        ...live,
      },
      closed,
    ),
    response: { 200: SearchResult },
  },
} as const satisfies RouteContract

export const streamSearch = {
  method: 'GET',
  url: '/v1/search/stream',
  access: 'person',
  scope: 'read',
  operationId: 'streamSearch',
  summary: 'Search everywhere, answer by answer',
  description:
    'A federated search as server-sent events: `local`, then `institute` for each peer as it answers, then `summary`. A failure after the first event is the event `problem`. Lines that begin with a colon keep the connection open and say nothing.',
  tags: ['search'],
  produces: ['text/event-stream'],
  problems: ['invalid', 'rate'],
  schema: {
    querystring: Type.Object({ ...asked, ...live }, closed),
    response: { 200: Type.String({ description: 'Events; the data of each is JSON.' }) },
  },
} as const satisfies RouteContract

export const getLateAnswers = {
  method: 'GET',
  url: '/v1/search/:query',
  access: 'person',
  scope: 'read',
  operationId: 'getLateAnswers',
  summary: 'Answers that came late',
  description:
    'What institutes answered after the budget of a federated search, kept for ten minutes, for whoever asked alone. What they may see is decided again. Not found where no answer was waited for.',
  tags: ['search'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({ query: QueryId }, closed),
    response: { 200: LateAnswers },
  },
} as const satisfies RouteContract

export const answerSearch = {
  method: 'POST',
  url: '/v1/search',
  access: 'peer',
  operationId: 'answerSearch',
  summary: 'Answer a peer’s search',
  description:
    'Searches this institute’s own log, and nothing else, for what is open to the asking institute. The answer is signed over the question and the hit lines; it is the same whether closed matches exist or not. Refusals are signed answers too.',
  tags: ['search'],
  problems: ['invalid'],
  schema: {
    body: SearchQuestion,
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
