import { type Static, Type } from 'typebox'
import { ProtocolError } from '../error.ts'
import { limits } from '../limits.ts'
import { Count, EntityIdText } from '../schema.ts'
import type { Statement } from '../statement.ts'
import { inEachLanguage, mediaTypeOf, type RecordDescription, type RecordType } from './record-type.ts'
import { textByLanguage } from './values.ts'

/**
 * A circle of institutes, as its owner signed it: the whole of it, never an addition to an earlier snapshot. Its versions
 * are the versions of one finding, which markings name. Only the newest one counts, and only until it ends.
 */
export type GroupBody = Static<typeof GroupBody>
export const GroupBody = Type.Object({
  name: textByLanguage(200),
  purpose: Type.Optional(textByLanguage(2000)),
  members: Type.Array(
    Type.Object({
      iss: EntityIdText,
      role: Type.Enum(['owner', 'member']),
      /** Seconds since the epoch: records of an earlier `iat` stay closed to the member. Absent: the whole history. */
      historyFrom: Type.Optional(Count),
    }),
    { maxItems: limits.groupMembers },
  ),
  /** Seconds since the epoch; from then on the group is nobody until a newer snapshot comes. */
  validUntil: Count,
})

export const group: RecordType<GroupBody> = {
  type: 'group',
  kind: 'control',
  mediaType: mediaTypeOf('group'),
  body: GroupBody,
  describe,
  check,
}

function describe({ name, purpose = {}, members }: GroupBody): RecordDescription {
  return {
    title: name,
    text: inEachLanguage(purpose),
    facets: { member: members.map(({ iss }) => iss) },
  }
}

function check({ members, validUntil }: GroupBody, { iss, finding, mark, iat }: Statement): void {
  if (new Set(members.map((member) => member.iss)).size < members.length) throw fault('an institute is listed twice')
  if (validUntil <= iat || validUntil > iat + limits.groupLifetimeSeconds) {
    throw fault(`a snapshot is valid for at most ${limits.groupLifetimeSeconds} seconds`)
  }
  // Marked for itself: the members it lists may read it.
  if (mark.tlp !== 'AMBER' || mark.group?.iss !== iss || mark.group.finding !== finding || mark.embargoUntil) {
    throw fault('a group record is AMBER for the group itself, without embargo')
  }
}

function fault(what: string): ProtocolError {
  return new ProtocolError('SCHEMA', `group: ${what}`)
}
