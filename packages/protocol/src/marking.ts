import { Type } from 'typebox'
import { ProtocolError } from './error.ts'
import { limits } from './limits.ts'
import { Count, checkOf, EntityIdText, FindingId } from './schema.ts'

/** Label of the Traffic Light Protocol 2.0. */
export type Tlp = 'CLEAR' | 'GREEN' | 'AMBER' | 'AMBER+STRICT' | 'RED'

/** Who may see a record and hand it on. Signed with the statement; the origin's marking rules everywhere. */
export type Marking = {
  tlp: Tlp
  /** A named circle of institutes, by its finding. */
  group?: { iss: string; finding: string }
  relay: 'none' | 'members' | 'any'
  /** Seconds since the epoch, by the origin's clock; before it only the group is entitled, nobody where there is none. */
  embargoUntil?: number
  /** Free instruction to readers, at most 200 bytes. */
  handling?: string
}

const closed = { additionalProperties: false } as const

/** Closed on purpose: a member this version does not know may restrict, so a marking that has one is refused. */
export const Marking = Type.Object(
  {
    tlp: Type.Enum(['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED']),
    group: Type.Optional(Type.Object({ iss: EntityIdText, finding: FindingId }, closed)),
    relay: Type.Enum(['none', 'members', 'any']),
    embargoUntil: Type.Optional(Count),
    handling: Type.Optional(Type.String({ minLength: 1, maxLength: limits.handlingBytes })),
  },
  closed,
)

/**
 * A group is required for AMBER and AMBER+STRICT and refused elsewhere, except with an embargo. CLEAR is relayed by
 * anybody, AMBER+STRICT and RED by nobody.
 *
 * @throws {ProtocolError} `MARKING`: a record with such a marking is never served.
 */
export function parseMarking(value: unknown): Marking {
  const marking: Marking = checkMarking(value)
  const fault = faultOf(marking)
  if (fault !== undefined) throw new ProtocolError('MARKING', fault)
  return marking
}

/**
 * Whether every active peer must be given the record: CLEAR or GREEN, never under an embargo. Two peers hold what they
 * were given of these against each other (`commonDigest` of the coverage statement).
 */
export function isCommon({ tlp, embargoUntil }: Marking): boolean {
  return (tlp === 'CLEAR' || tlp === 'GREEN') && embargoUntil === undefined
}

/**
 * Whether everybody whom `inner` ever opens a record to is somebody whom `outer` opens it to at that time, by the
 * markings alone. Handling is an instruction and opens nothing.
 */
export function isWithin(inner: Marking, outer: Marking): boolean {
  if (breadth[inner.tlp] > breadth[outer.tlp] || handsOn[inner.relay] > handsOn[outer.relay]) return false
  const isSameGroup = inner.group?.iss === outer.group?.iss && inner.group?.finding === outer.group?.finding
  const isForGroup = inner.tlp === 'AMBER' || inner.tlp === 'AMBER+STRICT'
  if (isForGroup && outer.group !== undefined) return isSameGroup && isEmbargoWithin(inner, outer, true)
  return isEmbargoWithin(inner, outer, isSameGroup || inner.group === undefined)
}

const breadth: Record<Tlp, number> = { RED: 0, 'AMBER+STRICT': 1, AMBER: 2, GREEN: 3, CLEAR: 4 }
const handsOn: Record<Marking['relay'], number> = { none: 0, members: 1, any: 2 }

function isEmbargoWithin(inner: Marking, outer: Marking, isSameCircle: boolean): boolean {
  if (inner.tlp === 'RED' || outer.embargoUntil === undefined) return true
  const isForGroup = inner.tlp === 'AMBER' || inner.tlp === 'AMBER+STRICT'
  if (isForGroup) return isSameCircle && outer.group !== undefined
  return isSameCircle && inner.embargoUntil !== undefined && inner.embargoUntil >= outer.embargoUntil
}

const checkMarking = checkOf(Marking, 'marking', 'MARKING')

function faultOf({ tlp, group, relay, embargoUntil, handling = '' }: Marking): string | undefined {
  const isForGroup = tlp === 'AMBER' || tlp === 'AMBER+STRICT'
  if (isForGroup && group === undefined) return `${tlp} needs a group`
  if (!isForGroup && group !== undefined && embargoUntil === undefined)
    return `${tlp} without an embargo takes no group`
  if (tlp === 'RED' && (group !== undefined || embargoUntil !== undefined)) return 'RED takes no group and no embargo'
  if (tlp === 'CLEAR' && relay !== 'any') return 'CLEAR is relayed by anybody'
  if ((tlp === 'RED' || tlp === 'AMBER+STRICT') && relay !== 'none') return `${tlp} is relayed by nobody`
  if (Buffer.byteLength(handling) > limits.handlingBytes) return `handling is longer than ${limits.handlingBytes} bytes`
  return undefined
}
