import type { RecordView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { formatEnd, type RecordWriter } from './record-writer.ts'
import { formatInstant, labelOf, titleOf } from './words.ts'

/**
 * RFC 4180: one heading, one line a record, every cell in quotes, CRLF. The last line is no record: it says in `row` that
 * the file ends there, in `marking` the strictest marking of the whole, in `title` how far it is the whole answer. A file
 * without it broke off.
 */
export const csv: RecordWriter = {
  mediaType: 'text/csv',
  fileName: 'concordance-search.csv',
  begin: () => formatLine([...columns.keys()]),
  record: (view) => formatLine([...columns.values()].map((cell) => cell(view))),
  end: (end) => {
    const cells = new Map([
      ['row', 'end'],
      ['marking', end.marking === undefined ? '' : labelOf({ tlp: end.marking })],
      ['title', formatEnd(end)],
    ])
    return formatLine([...columns.keys()].map((column) => cells.get(column) ?? ''))
  },
}

type Cell = (view: RecordView) => string

const facet =
  (name: string): Cell =>
  ({ facets }) =>
    [facets[name] ?? []].flat().map(String).join('; ')

/** Where a record comes from, how it is marked and how far it is verified stand before what it says. */
const columns: ReadonlyMap<string, Cell> = new Map<string, Cell>([
  ['row', () => 'record'],
  ['marking', ({ mark }) => labelOf(mark)],
  ['group', ({ mark: { group } }) => (group ? `${group.iss} ${group.finding}` : '')],
  ['embargo_until', ({ mark: { embargoUntil } }) => (embargoUntil === undefined ? '' : formatInstant(embargoUntil))],
  ['handling', ({ mark: { handling = '' } }) => handling],
  ['institute', ({ iss }) => iss],
  // An id may begin like a formula; as a name it does not.
  ['record', ({ recordId }) => `urn:concordance:record:${recordId}`],
  ['finding', ({ finding }) => finding],
  ['version', ({ version }) => String(version)],
  ['status', ({ status }) => status],
  ['log', ({ origin }) => origin],
  ['position', ({ position }) => String(position)],
  ['verified_size', ({ verified }) => String(verified.size)],
  ['signed', ({ iat }) => formatInstant(iat)],
  ['cites_withdrawn', ({ citesWithdrawn }) => (citesWithdrawn ? 'yes' : 'no')],
  ['type', ({ type }) => type],
  ['lang', ({ lang }) => lang],
  ['title', (view) => titleOf(view).text],
  ...['subject', 'developer', 'benchmark', 'protocol', 'risk', 'language', 'phase', 'objective'].map(
    (name): [string, Cell] => [name, facet(name)],
  ),
])

function formatLine(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${harmless(plainText(cell)).replaceAll('"', '""')}"`).join(',')}\r\n`
}

/**
 * A spreadsheet calculates a cell that begins like a formula (OWASP, CSV Injection), full-width forms included, and one
 * that splits at semicolons begins a cell behind each: an apostrophe makes it text. Tabs and line breaks are spaces here.
 */
function harmless(text: string): string {
  return text.replaceAll(/(?<=^\s*|;\s*)[=+\-@＝＋－＠﹢﹣﹦﹫−]/gu, "'$&")
}
