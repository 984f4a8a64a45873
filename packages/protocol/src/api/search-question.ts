import { hash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { canonicalize, type JsonValue } from '../canonical-json.ts'
import { limits } from '../limits.ts'
import { Granularity, QuestionLabel, SearchFilters } from './search-filters.ts'

export const Sort = Type.Enum(['relevance', 'newest'], {
  description: 'Best first, or newest first; without words the two are the same. `relevance` where absent.',
})

/** A search as one institute puts it to another. Nothing in it names a person, or anybody else to be asked. */
export type SearchQuestion = Static<typeof SearchQuestion>
export const SearchQuestion = Type.Object(
  {
    queryId: Type.String({
      pattern: '^[A-Za-z0-9_-]{8,64}$',
      description: 'Chosen by the asker; repeated in the answer.',
    }),
    budgetMs: Type.Integer({
      minimum: 1,
      maximum: limits.searchBudgetMs,
      description: 'Milliseconds after which nobody waits for the answer any more.',
      examples: [1500],
    }),
    granularity: Granularity,
    for: Type.Enum(['staff', 'researcher'], {
      description: 'For whom the institute asks; narrows what is open to it.',
    }),
    label: QuestionLabel,
    accepts: Type.Optional(
      Type.Enum(['CLEAR', 'GREEN', 'AMBER'], {
        description: 'Highest label of records that the asker takes in; AMBER where absent.',
      }),
    ),
    filters: SearchFilters,
    sort: Type.Optional(Sort),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limits.answerHits, description: 'Hits at most; 50 where absent.' }),
    ),
  },
  { additionalProperties: false, $id: 'SearchQuestion', description: 'A search, as it is put to another institute.' },
)

/**
 * What a signed answer says it answers: base64url SHA-256 of the question's canonical JSON, without the query id, which
 * the answer holds beside it, and without the budget, which says nothing about what was asked.
 *
 * @throws {ProtocolError} `JSON_MALFORMED` for text that JSON cannot carry.
 */
export function questionDigest({ queryId: _, budgetMs: __, ...asked }: SearchQuestion): string {
  return hash('sha256', canonicalize(asked as JsonValue), 'base64url')
}
