import { type Static, type TSchema, Type } from 'typebox'
import { ProtocolError } from '../error.ts'
import { Problem } from '../problems.ts'
import { checkOf } from '../schema.ts'
import { InstituteAnswer, QueryId, SearchHit, SearchResult } from './search-shapes.ts'
import { EntityId, RecordId } from './values.ts'

const { hits, next, matched, facets, freshness, complete, institutes } = SearchResult.properties

/** The events of `GET /v1/search/stream`, by name; the data of each is JSON. */
const searchEvents = {
  local: Type.Object(
    { queryId: QueryId, hits, next, matched, facets, freshness, asked: Type.Array(EntityId) },
    { description: 'Comes first: what is copied here, and the institutes that are asked.' },
  ),
  institute: Type.Object(
    { institute: InstituteAnswer, hits: Type.Array(SearchHit) },
    { description: 'Comes once for each institute in scope, as soon as its status is known.' },
  ),
  summary: Type.Object(
    {
      queryId: QueryId,
      order: Type.Array(RecordId, { description: 'All hits by record id, best first; each once.' }),
      institutes,
      complete,
    },
    { description: 'Comes last.' },
  ),
  problem: Problem,
} as const satisfies Record<string, TSchema>

type Events = typeof searchEvents
export type SearchEventName = keyof Events
/** One event of a streamed search. After `summary` or `problem` nothing follows. */
export type SearchEvent = {
  [Name in SearchEventName]: { readonly event: Name; readonly data: Static<Events[Name]> }
}[SearchEventName]
export type SearchSummary = Static<Events['summary']>

/** One event as it travels (WHATWG HTML, server-sent events). JSON has no line break of its own. */
export function formatSearchEvent({ event, data }: SearchEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** @param data The parsed JSON. @throws {ProtocolError} `SCHEMA`, also for an event that is not one of these. */
export function parseSearchEvent(event: string, data: unknown): SearchEvent {
  const check = Object.hasOwn(checks, event) ? checks[event as SearchEventName] : undefined
  if (!check) throw new ProtocolError('SCHEMA', 'a search has no such event')
  return { event, data: check(data) } as SearchEvent
}

const checks = {
  local: checkOf(searchEvents.local, 'local event'),
  institute: checkOf(searchEvents.institute, 'institute event'),
  summary: checkOf(searchEvents.summary, 'summary event'),
  problem: checkOf(searchEvents.problem, 'problem event'),
}
