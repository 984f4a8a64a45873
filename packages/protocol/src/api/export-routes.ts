import { Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { searchFilters } from './search-filters.ts'
import { RecordId } from './values.ts'

const closed = { additionalProperties: false } as const
const byId = Type.Object({ id: RecordId }, closed)

export const getCitation = {
  method: 'GET',
  url: '/v1/records/:id/citation',
  access: 'viewer',
  scope: 'read',
  operationId: 'getCitation',
  summary: 'Cite a record',
  description:
    'A citation of this very version: institute, date, record id, finding, place in the log, marking, how to verify it, and whether it was superseded or withdrawn, as far as the viewer may know.',
  tags: ['records'],
  produces: [
    'text/plain',
    'application/x-bibtex',
    'application/x-research-info-systems',
    'application/vnd.citationstyles.csl+json',
  ],
  problems: ['not-found'],
  schema: {
    params: byId,
    querystring: Type.Object(
      {
        style: Type.Optional(
          Type.Enum(['plain', 'bibtex', 'ris', 'csl-json'], { description: '`plain` where absent.' }),
        ),
      },
      closed,
    ),
    response: { 200: Type.String({ description: 'The citation, in UTF-8.' }) },
  },
} as const satisfies RouteContract

export const getJsonLd = {
  method: 'GET',
  url: '/v1/records/:id/json-ld',
  access: 'viewer',
  scope: 'read',
  operationId: 'getJsonLd',
  summary: 'Describe a record for catalogues',
  description:
    'A record that everybody may read, in the vocabulary of schema.org. Of any other record there is no such form (`not-acceptable`); one that is closed to the viewer is not found.',
  tags: ['records'],
  produces: ['application/ld+json'],
  problems: ['not-found', 'not-acceptable', 'gone'],
  schema: { params: byId, response: { 200: Type.String({ description: 'JSON-LD 1.1.' }) } },
} as const satisfies RouteContract

export const exportSearch = {
  method: 'GET',
  url: '/v1/search/export',
  access: 'viewer',
  scope: 'read',
  operationId: 'exportSearch',
  summary: 'Take a search along',
  description:
    'Everything copied here that matches and is open to the viewer, as one file of at most 10,000 records. Its last line holds the strictest marking of the whole and says whether it was cut; a file without that line broke off. What a person takes along stands in the audit trail.',
  tags: ['search'],
  produces: ['text/csv', 'application/x-ndjson'],
  problems: ['invalid'],
  schema: {
    querystring: Type.Object(
      {
        format: Type.Enum(['csv', 'jsonl'], { description: 'RFC 4180, or one JSON value a line.' }),
        ...searchFilters,
        sort: Type.Optional(
          Type.Enum(['relevance', 'newest'], {
            description: 'Best first, or newest first; without words the two are the same. `relevance` where absent.',
          }),
        ),
      },
      closed,
    ),
    response: { 200: Type.String({ description: 'The file, in UTF-8.' }) },
  },
} as const satisfies RouteContract

export const feedSearch = {
  method: 'GET',
  url: '/v1/search/feed',
  access: 'viewer',
  scope: 'read',
  operationId: 'feedSearch',
  summary: 'Follow a search',
  description:
    'The newest 50 records copied here that match and are open to the viewer, as an Atom feed (RFC 4287), and up to 50 tombstones (RFC 6721) of records that were taken back. Tombstones are chosen by `iss`, `type`, `tlp`, `year`, `since` and `until` alone, never by what stood in a body.',
  tags: ['search'],
  produces: ['application/atom+xml'],
  problems: ['invalid'],
  schema: {
    querystring: Type.Object(searchFilters, closed),
    response: { 200: Type.String({ description: 'The feed, in UTF-8.' }) },
  },
} as const satisfies RouteContract
