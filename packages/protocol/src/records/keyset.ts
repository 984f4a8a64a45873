import { type Static, Type } from 'typebox'
import { ProtocolError } from '../error.ts'
import { limits } from '../limits.ts'
import { JwsText } from '../schema.ts'
import type { Statement } from '../statement.ts'
import { mediaTypeOf, type RecordType } from './record-type.ts'

/** Puts a keyset document in force: it judges every later entry of the log. Verified by the root, not by the record key. */
export type KeysetBody = Static<typeof KeysetBody>
export const KeysetBody = Type.Object({
  document: Type.Intersect([JwsText, Type.String({ maxLength: limits.keysetBytes })]),
})

export const keyset: RecordType<KeysetBody> = {
  type: 'keyset',
  kind: 'control',
  mediaType: mediaTypeOf('keyset'),
  body: KeysetBody,
  describe: () => ({ title: { en: 'Keys of the institute' }, text: [], facets: {} }),
  check: refuseClosed,
}

/** Whoever cannot read a keyset cannot judge what follows it. */
function refuseClosed(_body: KeysetBody, { mark }: Statement): void {
  if (mark.tlp !== 'CLEAR' || mark.embargoUntil !== undefined) {
    throw new ProtocolError('SCHEMA', 'a keyset record is CLEAR and without embargo')
  }
}
