import { type Static, Type } from 'typebox'
import { ProtocolError } from '../error.ts'
import { isWithin, Marking, parseMarking } from '../marking.ts'
import type { Statement } from '../statement.ts'
import { inEachLanguage, mediaTypeOf, type RecordDescription, type RecordType } from './record-type.ts'
import { textByLanguage } from './values.ts'

/** Gives one record of the same institute another marking. The latest one in the log is the effective one. */
export type MarkingBody = Static<typeof MarkingBody>
export const MarkingBody = Type.Object({
  mark: Marking,
  reason: Type.Optional(textByLanguage(2000)),
})

export const marking: RecordType<MarkingBody> = {
  type: 'marking',
  kind: 'control',
  mediaType: mediaTypeOf('marking'),
  body: MarkingBody,
  describe,
  check,
}

/**
 * The marking of a marking record: it opens to whoever may read its target before and after the change. Where neither
 * marking is within the other, it is the old one, and the access rule also asks for the right to the target itself.
 */
export function markOfChange(before: Marking, after: Marking): Marking {
  return isWithin(after, before) ? after : before
}

function describe({ mark, reason = {} }: MarkingBody): RecordDescription {
  return { title: { en: `Marked ${mark.tlp}` }, text: inEachLanguage(reason), facets: { tlp: mark.tlp } }
}

function check(body: MarkingBody, { iss, rel }: Statement): void {
  parseMarking(body.mark)
  const [only, ...others] = rel.filter(({ kind }) => kind === 'remarks')
  if (only === undefined || others.length > 0 || only.target.iss !== iss || !('record' in only.target)) {
    throw new ProtocolError('SCHEMA', 'a marking record remarks exactly one record of its own issuer')
  }
}
