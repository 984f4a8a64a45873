import { type Static, Type } from 'typebox'
import { TargetShape } from '../statement.ts'

/** The single values that the bodies of several record types share. */

export const LanguageTag = Type.String({
  description: 'Language tag (BCP 47).',
  pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
  maxLength: 35,
})

/**
 * Text by language tag, at least one language.
 *
 * @param maxLength Longest text of one language, in UTF-16 units.
 */
export function textByLanguage(maxLength: number) {
  return Type.Record(LanguageTag, Type.String({ minLength: 1, maxLength, pattern: '\\S' }), {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 30,
  })
}

/** A calendar day, or a point in time with its offset (RFC 3339). */
export const DayOrInstant = Type.String({
  description: 'A day (2025-09-15) or a point in time with its offset (RFC 3339).',
  pattern:
    '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])(T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d))?$',
})

/** A source: outside the exchange, or a record in it. Its URL is shown to people and never fetched. */
export type Citation = Static<typeof Citation>
export const Citation = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 300 }),
  url: Type.Optional(Type.String({ pattern: '^https?://\\S+$', maxLength: 1000 })),
  date: Type.Optional(DayOrInstant),
  target: Type.Optional(TargetShape),
})

export const Citations = Type.Array(Citation, { maxItems: 50 })

/** A number that a source does not state is `null`: left open by decision, not forgotten. */
export const CountOrUnknown = Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()])

export const Sha256Hex = Type.String({
  description: 'SHA-256 as 64 lower-case hexadecimal digits.',
  pattern: '^[0-9a-f]{64}$',
})
