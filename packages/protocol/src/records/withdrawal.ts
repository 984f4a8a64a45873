import { type Static, Type } from 'typebox'
import { ProtocolError } from '../error.ts'
import { Base64url32, EntityIdText, LanguageTag } from '../schema.ts'
import type { Statement } from '../statement.ts'
import { inEachLanguage, mediaTypeOf, type RecordDescription, type RecordType } from './record-type.ts'

/** Takes back one record of the same institute; its body stays hidden, its statement and its place in the log remain. */
export type WithdrawalBody = Static<typeof WithdrawalBody>
export const WithdrawalBody = Type.Object({
  reason: Type.Enum(['error', 'invalid-samples', 'breach', 'information-hazard', 'legal', 'superseded']),
  note: Type.Optional(
    Type.Record(LanguageTag, Type.String({ minLength: 1, maxLength: 2000 }), {
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 30,
    }),
  ),
  replacement: Type.Optional(Type.Object({ iss: EntityIdText, record: Base64url32 })),
})

export const withdrawal: RecordType<WithdrawalBody> = {
  type: 'withdrawal',
  kind: 'control',
  mediaType: mediaTypeOf('withdrawal'),
  body: WithdrawalBody,
  describe,
  check: refuseForeignTarget,
}

function describe(body: WithdrawalBody): RecordDescription {
  return {
    title: body.note ?? { en: `Withdrawn: ${body.reason}` },
    text: inEachLanguage(body.note ?? {}),
    facets: { reason: body.reason },
  }
}

/** Exactly one record, and one's own: nobody can withdraw for another. */
function refuseForeignTarget(_body: WithdrawalBody, { iss, rel }: Statement): void {
  const withdrawn = rel.filter((relation) => relation.kind === 'withdraws')
  const [only] = withdrawn
  if (only === undefined || withdrawn.length > 1 || only.target.iss !== iss || !('record' in only.target)) {
    throw new ProtocolError('SCHEMA', 'a withdrawal withdraws exactly one record of its own issuer')
  }
}
