import { type Static, Type } from 'typebox'
import { inEachLanguage, mediaTypeOf, type RecordDescription, type RecordType } from './record-type.ts'
import { Citations, textByLanguage } from './values.ts'

/** What an institute sees on the ground, in five fields: the smallest record, open to institutes that run no tests. */
export type ObservationBody = Static<typeof ObservationBody>
export const ObservationBody = Type.Object({
  seen: textByLanguage(4000),
  country: Type.String({ description: 'ISO 3166-1 alpha-2, or ZZ where it is not said.', pattern: '^[A-Z]{2}$' }),
  sector: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
  howOften: Type.Enum(['once', 'rarely', 'monthly', 'weekly', 'daily', 'unknown']),
  wish: textByLanguage(2000),
  cites: Type.Optional(Citations),
  synthetic: Type.Optional(Type.Boolean({ description: 'True where the content is made up for a demonstration.' })),
})

export const observation: RecordType<ObservationBody> = {
  type: 'observation',
  kind: 'content',
  mediaType: mediaTypeOf('observation'),
  body: ObservationBody,
  describe,
}

function describe(body: ObservationBody): RecordDescription {
  return {
    title: Object.fromEntries(Object.entries(body.seen).map(([lang, text]) => [lang, firstSentence(text)])),
    text: [...inEachLanguage(body.seen), ...inEachLanguage(body.wish), { text: body.sector }],
    facets: { country: body.country, sector: body.sector, howOften: body.howOften, ...synthetic(body) },
  }
}

/** The first line up to its first full stop (of any script), cut at 140 characters. */
function firstSentence(text: string): string {
  const sentence = /^[^\n.。।؟?!！？]*[.。।؟?!！？]?/u.exec(text.trim())?.[0] ?? ''
  const characters = [...(sentence || text)]
  return characters.length <= 140 ? characters.join('') : `${characters.slice(0, 139).join('')}…`
}

function synthetic(body: ObservationBody): { synthetic?: string } {
  return body.synthetic === true ? { synthetic: 'true' } : {}
}
