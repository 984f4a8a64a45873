import type { RecordView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { formatDay, formatMarking, labelOf, nameOfInstitute, strictestOf, titleOf } from './words.ts'

/** One exact version, as every style says it. Text from the record is on one line and holds nothing that acts or hides. */
export interface Citation {
  readonly recordId: string
  readonly iss: string
  /** The institute's name as people read it. */
  readonly institute: string
  readonly title: string
  readonly type: string
  /** Language tag of the record (BCP 47). */
  readonly lang: string
  readonly finding: string
  readonly version: number
  /** Day of the signature, UTC. */
  readonly day: string
  readonly origin: string
  readonly position: number
  /** Of the record; and of the citation, where that names something stricter. */
  readonly marking: string
  /** What became of this version, as far as the viewer may know; undefined while it is the current one. */
  readonly standing: string | undefined
  /** Where it was read. */
  readonly url: string
  /** Day on which it was read, UTC. */
  readonly seenOn: string
  /** How anybody checks it without believing the node. */
  readonly check: string
}

export interface Cited {
  readonly record: RecordView
  /** The newest version that the viewer may know of, where that is another one. */
  readonly newest: RecordView | undefined
  /** Base URL of the node where it was read. */
  readonly base: string
  readonly at: Date
}

/** Cites an exact version. */
export function cite({ record, newest, base, at }: Cited): Citation {
  const { recordId, iss, type, lang, finding, version, iat, origin, position, mark } = record
  const url = `${base}/v1/records/${recordId}`
  return {
    recordId,
    iss: plainText(iss),
    institute: nameOfInstitute(iss),
    title: titleOf(record).text,
    type,
    lang: plainText(lang),
    finding,
    version,
    day: formatDay(iat),
    origin: plainText(origin),
    position,
    marking: formatMarking(mark) + strictnessOf(record, newest),
    standing: standingOf(record, newest),
    url,
    seenOn: at.toISOString().slice(0, 10),
    check: `${url}/proof with "concordance verify" and the root key of the institute, learnt out of band`,
  }
}

/** Everything that has no field of its own in a style, a sentence each. */
export function notesOf({ recordId, finding, version, origin, position, marking, ...rest }: Citation): string[] {
  return [
    marking,
    ...(rest.standing === undefined ? [] : [`${rest.standing}, as seen on ${rest.seenOn}`]),
    `Version ${version} of finding ${finding}`,
    `Record ${recordId}, position ${position} of the log ${origin}`,
    `To verify: ${rest.check}`,
  ]
}

function standingOf({ status }: RecordView, newest: RecordView | undefined): string | undefined {
  if (status === 'withdrawn') return 'Withdrawn by its institute'
  if (status === 'current') return undefined
  return newest ? `Superseded by version ${newest.version}, record ${newest.recordId}` : 'Superseded'
}

/** A newer version may be closed to those whom this one is open to: then the citation is not for them. */
function strictnessOf({ status, mark }: RecordView, newest: RecordView | undefined): string {
  if (status !== 'superseded' || !newest) return ''
  const tlp = strictestOf([mark.tlp, newest.mark.tlp])
  return tlp === undefined || tlp === mark.tlp
    ? ''
    : ` (this citation: ${labelOf({ tlp })}, for it names a newer version)`
}
