import { type Static, Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { SearchFilters } from './search-filters.ts'
import { IdempotencyKey, Instant } from './values.ts'

const closed = { additionalProperties: false } as const

const SavedSearchId = Type.String({
  description: 'Id of a saved search: a UUID.',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  examples: ['01890a5d-ac96-774b-bcce-b302099a8057'],
})
const Name = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '\\S',
  description: 'Unlike the name of any other search that the same person has saved.',
  examples: ['Refusals in Swahili'],
})
const Path = Type.String({ description: 'Path and query on this node.' })

export type SavedSearchView = Static<typeof SavedSearchView>
export const SavedSearchView = Type.Object(
  {
    id: SavedSearchId,
    name: Name,
    filters: SearchFilters,
    createdAt: Instant,
    paths: Type.Object({ search: Path, feed: Path, csv: Path, jsonl: Path }, closed),
  },
  { $id: 'SavedSearch', description: 'A search that a person has given a name, and where it is asked again.' },
)

export const listSearches = {
  method: 'GET',
  url: '/v1/searches',
  access: 'person',
  scope: 'read',
  operationId: 'listSearches',
  summary: 'List saved searches',
  description: 'The searches that the caller has saved, by name. Nobody sees those of somebody else.',
  tags: ['search'],
  schema: { response: { 200: Type.Object({ items: Type.Array(SavedSearchView) }) } },
} as const satisfies RouteContract

export const saveSearch = {
  method: 'POST',
  url: '/v1/searches',
  access: 'person',
  scope: 'read',
  operationId: 'saveSearch',
  summary: 'Save a search',
  description:
    'Keeps filters under a name, for the caller alone; at most 100. What it finds is decided when it is asked.',
  tags: ['search'],
  problems: ['invalid', 'conflict', 'idempotency-mismatch'],
  schema: {
    headers: Type.Object({ 'idempotency-key': IdempotencyKey }),
    body: Type.Object({ name: Name, filters: SearchFilters }, closed),
    response: { 201: SavedSearchView },
  },
} as const satisfies RouteContract

export const deleteSearch = {
  method: 'DELETE',
  url: '/v1/searches/:id',
  access: 'person',
  scope: 'read',
  operationId: 'deleteSearch',
  summary: 'Delete a saved search',
  description: 'Forgets one of the caller’s own saved searches.',
  tags: ['search'],
  problems: ['not-found'],
  schema: {
    params: Type.Object({ id: SavedSearchId }, closed),
    response: { 204: Type.Null({ description: 'Forgotten.' }) },
  },
} as const satisfies RouteContract
