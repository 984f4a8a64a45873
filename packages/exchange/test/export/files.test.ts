import type { RecordView } from '@concordance/protocol'
import t from 'tap'
import { csv } from '../../src/export/csv.ts'
import { jsonl } from '../../src/export/jsonl.ts'
import type { End, RecordWriter } from '../../src/export/record-writer.ts'
import { amber, at, base, hostileTexts, matchGolden, otherId, view } from './views.ts'

const end: End = { records: 1, complete: true, marking: 'AMBER', filters: { q: 'refusal' }, iss: base, at }
const several = [
  view(),
  view({ recordId: otherId, version: 1, status: 'superseded', mark: { ...amber, embargoUntil: 1_800_000_000 } }),
  view({ position: 42, status: 'withdrawn', title: {}, facets: {}, state: 'statement' }),
  view({ position: 43, lang: 'ar', title: { ar: 'نسبة "الرفض", ‮مقلوب' }, citesWithdrawn: true }),
]

function write(writer: RecordWriter, views: readonly RecordView[], last: Partial<End> = {}): string {
  return writer.begin() + views.map(writer.record).join('') + writer.end({ ...end, records: views.length, ...last })
}

t.test('a file of records', async (t) => {
  await t.test('reads so as CSV', async (t) => matchGolden(t, 'search.csv', write(csv, several)))
  await t.test('reads so as JSONL', async (t) => matchGolden(t, 'search.jsonl', write(jsonl, several)))

  await t.test('ends with the strictest marking of the whole, and says whether it is the whole', async (t) => {
    const lastOf = (last: Partial<End>) => readCsv(write(csv, [view()], last)).at(-1)
    t.match(lastOf({}), { row: 'end', marking: 'TLP:AMBER', title: /^all 1 records that match and are open to you/ })
    t.match(lastOf({ complete: false, marking: 'RED' }), {
      row: 'end',
      marking: 'TLP:RED',
      title: /^cut after 1 records/,
    })
    t.match(lastOf({ records: 0, marking: undefined }), { marking: '', title: /^nothing open to you matches/ })
    const line = (last: Partial<End>) => JSON.parse(write(jsonl, [], last).trimEnd())
    t.strictSame(line({ complete: false }), {
      end: {
        records: 0,
        complete: false,
        marking: 'TLP:AMBER',
        filters: { q: 'refusal' },
        iss: base,
        at: at.toISOString(),
      },
    })
    t.notOk('marking' in line({ marking: undefined }).end, 'nothing has no marking')
  })

  await t.test('says of each record where it comes from, how it is marked and how far it is verified', async (t) => {
    const [record] = readCsv(write(csv, [view({ mark: amber })]))
    t.match(record, {
      row: 'record',
      record: `urn:concordance:record:${view().recordId}`,
      marking: 'TLP:AMBER',
      group: `${amber.group.iss} ${amber.group.finding}`,
      institute: 'https://node.institute.example',
      log: 'node.institute.example/log/1',
      position: '41',
      verified_size: '50',
      risk: 'cyber; bio',
    })
    const [first] = readLines(write(jsonl, [view({ mark: amber })]))
    t.strictSame(first, view({ mark: amber }), 'in JSONL the record is as the search gives it')
  })
})

t.test('no text of a record', async (t) => {
  for (const [number, text] of hostileTexts.entries()) {
    const views = [view({ title: { en: text }, lang: 'en', facets: { subject: text, developer: text } }), view()]

    await t.test(`breaks out of its cell: number ${number}`, async (t) => {
      const file = write(csv, views)
      const rows = readCsv(file)
      t.strictSame(
        rows.map(({ row }) => row),
        ['record', 'record', 'end'],
      )
      t.equal(rows[1]?.title, 'Refusal rate on harmful requests')
      t.ok(rows.every((row) => Object.keys(row).length === 26))
      t.equal(file.split('\r\n').length, 5, 'a line each')
    })

    await t.test(`is calculated by a spreadsheet: number ${number}`, async (t) => {
      const file = write(csv, views)
      for (const cell of readCsv(file).flatMap((row) => Object.values(row))) t.notMatch(cell, formula)
      // … nor by one that was told to split at semicolons, or does not know quotes.
      for (const cell of file.split(/[;\r\n]/)) t.notMatch(cell, formula)
    })

    await t.test(`ends its line of JSONL, or acts on a terminal: number ${number}`, async (t) => {
      const file = write(jsonl, views)
      t.equal(file.split('\n').length, 4)
      t.notMatch(file.replaceAll('\n', ''), /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200f\u2028\u2029]/u)
      t.strictSame(readLines(file)[0], JSON.parse(JSON.stringify(views[0])), 'and its value is the same')
      t.notMatch(write(csv, views).replaceAll('\r\n', ''), /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200f\u2028\u2029]/u)
    })
  }
})

const formula = /^\s*[=+\-@＝＋－＠\t\r]/u

function readLines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** RFC 4180, strictly: every cell in quotes, CRLF behind every line. */
function readCsv(text: string): Record<string, string>[] {
  const lines: string[][] = []
  let rest = text
  while (rest !== '') {
    const cells: string[] = []
    for (;;) {
      const cell = /^"((?:[^"]|"")*)"(,|\r\n)/.exec(rest)
      if (!cell) throw new Error(`no cell begins here: ${rest.slice(0, 80)}`)
      rest = rest.slice(cell[0].length)
      cells.push((cell[1] ?? '').replaceAll('""', '"'))
      if (cell[2] !== ',') break
    }
    lines.push(cells)
  }
  const [head = [], ...rows] = lines
  return rows.map((cells) => Object.fromEntries(cells.map((cell, at) => [head[at] ?? `beyond ${at}`, cell])))
}
