import { type Citation, notesOf } from './citation.ts'

/** RIS: a tag, two spaces, a hyphen and a space before each value, and CRLF behind it. No value has a line break. */
export function formatRis(citation: Citation): string {
  const { recordId, iss, institute, title, type, lang, day, version, url, seenOn } = citation
  const lines: readonly (readonly [tag: string, value: string])[] = [
    ['TY', 'RPRT'],
    ['ID', `concordance-${recordId}`],
    ['AU', institute],
    ['TI', title],
    ['PY', day.slice(0, 4)],
    ['DA', day.replaceAll('-', '/')],
    ['PB', iss],
    ['M3', `Concordance ${type}`],
    ['ET', String(version)],
    ['AN', recordId],
    ['LA', lang],
    ['UR', url],
    ['Y2', seenOn.replaceAll('-', '/')],
    ...notesOf(citation).map((note) => ['N1', note] as const),
    ['ER', ''],
  ]
  return lines.map(([tag, value]) => `${tag}  - ${value}\r\n`).join('')
}
