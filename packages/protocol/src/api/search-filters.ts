import { type Static, Type } from 'typebox'
import { Tlp } from './shapes.ts'
import { EntityId, Language, RecordTypeName } from './values.ts'

const closed = { additionalProperties: false } as const
const Exact = Type.String({ minLength: 1, maxLength: 300 })
const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', examples: ['2026-03-01'] })

export const Words = Type.String({
  minLength: 1,
  maxLength: 400,
  description: 'Words that must all occur. `"in this order"`, `prefix*`, `-without`, `this OR that`.',
  examples: ['refusal -jailbreak'],
})

/** What can be counted and filtered by, exactly. The order is the one in which people are shown them. */
export const facetNames = [
  'iss',
  'type',
  'subject',
  'developer',
  'benchmark',
  'protocol',
  'risk',
  'language',
  'phase',
  'objective',
  'tlp',
  'year',
  'status',
] as const
export type FacetName = (typeof facetNames)[number]

/** The parts of a filter; whatever is given must hold. A query string and a peer's question take the same ones. */
export const searchFilters = {
  q: Type.Optional(Words),
  iss: Type.Optional(EntityId),
  type: Type.Optional(RecordTypeName),
  subject: Type.Optional(Exact),
  developer: Type.Optional(Exact),
  benchmark: Type.Optional(Exact),
  protocol: Type.Optional(Exact),
  risk: Type.Optional(Exact),
  language: Type.Optional(Language),
  phase: Type.Optional(Exact),
  objective: Type.Optional(Exact),
  tlp: Type.Optional(Tlp),
  year: Type.Optional(Type.Integer({ minimum: 1970, maximum: 9999, description: 'Year in which it was signed, UTC.' })),
  status: Type.Optional(Type.Enum(['current', 'superseded', 'withdrawn'])),
  since: Type.Optional({ ...Day, description: 'Signed on this day or later, UTC.' }),
  until: Type.Optional({ ...Day, description: 'Signed on this day or before, UTC.' }),
} as const

export type SearchFilters = Static<typeof SearchFilters>
export const SearchFilters = Type.Object(searchFilters, {
  ...closed,
  $id: 'SearchFilters',
  description: 'What a search is narrowed to; everything given must hold.',
})

/** How much an institute is asked for: whether, how many, which, or the records themselves. */
export const Granularity = Type.Enum(['boolean', 'count', 'summary', 'full'], {
  description: 'Whether there is anything, how much, which records, or the records themselves.',
})
export type Granularity = Static<typeof Granularity>

/** How a question is marked. */
export const QuestionLabel = Type.Enum(['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'], {
  description:
    'How the question itself is marked. It is put to no institute whose ceiling is lower, and RED to nobody.',
})
