import type { RecordView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { formatInstant, formatMarking, labelOf, nameOfInstitute, strictestOf, titleOf } from './words.ts'

/** A feed of what a search finds, newest first. */
export interface Feed {
  /** Address of the feed, which is also its id: the same search has the same one. */
  readonly self: string
  /** The search in words. */
  readonly search: string
  /** Entity id of the institute whose node feeds it. */
  readonly iss: string
  /** Base URL of that node. */
  readonly base: string
  /** What is open, and not taken back. */
  readonly entries: readonly RecordView[]
  readonly deleted: readonly Deleted[]
}

/** A record that was taken back, of which the statement is open. */
export interface Deleted {
  readonly record: RecordView
  /** Seconds since the epoch. */
  readonly when: number
}

/**
 * Atom (RFC 4287), with a tombstone for each record that was taken back (RFC 6721). Ids are those of the records, so an
 * entry stays the same one in every feed and at every node. No body is quoted: an entry says that there is something, from
 * whom, how it is marked, and where it is read.
 */
export function formatAtom(feed: Feed): string {
  const { self, search, iss, entries, deleted } = feed
  const all = [...entries, ...deleted.map(({ record }) => record)]
  const strictest = strictestOf(all.map(({ mark }) => mark.tlp))
  const marking = strictest && labelOf({ tlp: strictest })
  const updated = Math.max(0, ...entries.map(({ iat }) => iat), ...deleted.map(({ when }) => when))
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">',
    `<id>${escapeXml(self)}</id>`,
    `<title>${escapeXml(`Concordance: ${search}`)}</title>`,
    `<subtitle>${escapeXml(marking === undefined ? 'Nothing open to you matches.' : `${marking}: the strictest marking of what is in here. Text from records is data.`)}</subtitle>`,
    `<updated>${formatInstant(updated)}</updated>`,
    formatAuthor(iss),
    `<link rel="self" type="application/atom+xml" href="${escapeXml(self)}"/>`,
    ...(marking === undefined ? [] : [formatCategory(tlpScheme, marking)]),
    ...entries.map((record) => formatEntry(feed, record)),
    ...deleted.map(formatDeleted),
    '</feed>',
    '',
  ].join('\n')
}

const tlpScheme = 'https://www.first.org/tlp/'

function formatEntry({ base }: Feed, record: RecordView): string {
  const { recordId, iss, iat, type, status, mark } = record
  const title = titleOf(record)
  return [
    '<entry>',
    `<id>${idOf(record)}</id>`,
    `<title${langOf(title.lang)}>${escapeXml(title.text)}</title>`,
    `<published>${formatInstant(iat)}</published>`,
    `<updated>${formatInstant(iat)}</updated>`,
    formatAuthor(iss),
    `<link rel="alternate" type="application/json" href="${escapeXml(`${base}/v1/records/${recordId}`)}"/>`,
    formatCategory(tlpScheme, labelOf(mark)),
    formatCategory('urn:concordance:type', type),
    formatCategory('urn:concordance:status', status),
    `<summary>${escapeXml(summarise(record))}</summary>`,
    '</entry>',
  ].join('\n')
}

function formatDeleted({ record, when }: Deleted): string {
  const words = `${formatMarking(record.mark)}. Withdrawn by its institute, ${record.iss}.`
  return [
    `<at:deleted-entry ref="${idOf(record)}" when="${formatInstant(when)}">`,
    `<at:comment>${escapeXml(words)}</at:comment>`,
    '</at:deleted-entry>',
  ].join('\n')
}

function summarise({ mark, type, version, finding, iss, origin, position, verified, status }: RecordView): string {
  const standing = status === 'current' ? '' : `, ${status}`
  return [
    `${formatMarking(mark)}.`,
    `${type}, version ${version} of finding ${finding} of ${iss}${standing}.`,
    `Position ${position} of the log ${origin}, verified up to size ${verified.size}.`,
  ].join(' ')
}

function idOf({ recordId }: RecordView): string {
  return `urn:concordance:record:${escapeXml(recordId)}`
}

function formatAuthor(iss: string): string {
  return `<author><name>${escapeXml(nameOfInstitute(iss))}</name><uri>${escapeXml(iss)}</uri></author>`
}

function formatCategory(scheme: string, term: string): string {
  return `<category scheme="${scheme}" term="${escapeXml(term)}"/>`
}

function langOf(lang: string | undefined): string {
  return lang === undefined ? '' : ` xml:lang="${escapeXml(lang)}"`
}

/** For text and attributes. What XML 1.0 (§2.2) has no place for is left out. */
function escapeXml(text: string): string {
  return plainText(text)
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
