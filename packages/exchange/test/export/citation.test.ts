import t from 'tap'
import { type Cited, cite } from '../../src/export/citation.ts'
import { type CitationStyle, formatCitation } from '../../src/export/format-citation.ts'
import { amber, at, base, detail, hostileTexts, matchGolden, otherId, view } from './views.ts'

const styles: readonly CitationStyle[] = ['plain', 'bibtex', 'ris', 'csl-json']

function textIn(style: CitationStyle, changes: Partial<Cited> = {}): string {
  return formatCitation(style, cite({ record: view(), newest: undefined, base, at, ...changes })).text
}

t.test('a citation', async (t) => {
  const cases: Readonly<Record<string, Partial<Cited>>> = {
    current: {},
    superseded: {
      record: view({ status: 'superseded' }),
      newest: view({ version: 3, recordId: otherId, mark: amber }),
    },
    withdrawn: { record: view({ status: 'withdrawn', title: {}, facets: {}, state: 'statement' }) },
    hostile: {
      record: view({
        lang: 'ar',
        title: { ar: 'نسبة\u202e الرفض {100 %} \\input{x} "a" <b>\n@misc{x,' },
        mark: { ...amber, embargoUntil: 1_800_000_000, handling: 'Not {before}\r\nER  - the & vote' },
      }),
    },
  }
  for (const [name, changes] of Object.entries(cases)) {
    for (const style of styles) {
      await t.test(`of a ${name} record reads so in ${style}`, async (t) => {
        const file = formatCitation(style, cite({ record: view(), newest: undefined, base, at, ...changes }))
        matchGolden(t, `${name}.${file.fileName}`, file.text)
      })
    }
  }

  await t.test('names the exact version, its place in the log, its marking, and how to verify it', async (t) => {
    const { recordId, finding, origin } = view()
    for (const style of styles) {
      const text = textIn(style).replaceAll('\\_', '_')
      for (const part of [
        recordId,
        finding,
        'Version 2',
        'node.institute.example',
        `position 41`,
        origin,
        'TLP:GREEN',
        `${recordId}/proof`,
      ])
        t.ok(text.includes(part), `${style} says ${part}`)
      t.match(text, style === 'csl-json' ? '[[2026,1,2]]' : /2026.01.02/, style)
    }
  })

  await t.test('says that a newer version exists, and takes its stricter marking on', async (t) => {
    const record = view({ status: 'superseded', mark: { tlp: 'CLEAR', relay: 'any' } })
    for (const style of styles) {
      const stricter = textIn(style, { record, newest: view({ version: 3, recordId: otherId, mark: amber }) })
      t.match(
        stricter,
        `Superseded by version 3, record ${style === 'bibtex' ? otherId.replaceAll('_', '\\_') : otherId}`,
      )
      t.match(stricter, 'this citation: TLP:AMBER')
      const alike = textIn(style, { record, newest: view({ version: 3, recordId: otherId, mark: record.mark }) })
      t.notMatch(alike, 'this citation')
      t.notMatch(textIn(style), 'Superseded')
    }
  })

  await t.test('of what was withdrawn says so, and holds no title', async (t) => {
    for (const style of styles) {
      const text = textIn(style, { record: view({ status: 'withdrawn', title: {} }) })
      t.match(text, 'Withdrawn by its institute')
      t.match(text, '[withdrawn evaluation]')
    }
  })
})

t.test('no text of a record', async (t) => {
  for (const [at, text] of hostileTexts.entries()) {
    const record = detail({
      title: { en: text },
      mark: { ...amber, handling: text },
      lang: 'en',
    })

    await t.test(`ends a field of BibTeX: number ${at}`, async (t) => {
      const { body, fields } = readBibtex(textIn('bibtex', { record }))
      t.equal(body.trim(), '', 'there is one entry and nothing behind it')
      t.strictSame([...fields.keys()].sort(), bibtexFields)
      t.notMatch(fields.get('title'), /[@<>"~^|]|\\(?!text[a-z]+\{\}|char64\{\}|[$&#%_])/)
    })

    await t.test(`ends a line of RIS: number ${at}`, async (t) => {
      const lines = textIn('ris', { record }).split('\r\n')
      t.equal(lines.pop(), '')
      t.strictSame(
        lines.map((line) => line.slice(0, 6)),
        [...'TY ID AU TI PY DA PB M3 ET AN LA UR Y2 N1 N1 N1 N1 ER'.split(' ')].map((tag) => `${tag}  - `),
      )
      t.ok(lines.every((line) => !/[\r\n\u0085\u2028\u2029]/.test(line)))
    })

    await t.test(`leaves the value it belongs to in CSL-JSON: number ${at}`, async (t) => {
      const items = JSON.parse(textIn('csl-json', { record }))
      t.equal(items.length, 1)
      t.type(items[0].title, 'string')
      t.notMatch(items[0].title, /[<>]/)
      t.equal(items[0].type, 'report')
    })

    await t.test(`acts on a terminal, or turns others around: number ${at}`, async (t) => {
      for (const style of styles) {
        const shown = textIn(style, { record }).replaceAll(/[\r\n]/g, '')
        t.notMatch(shown, /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029]/u, style)
      }
      t.equal(textIn('plain', { record }).split('\n').length, 2, 'one line')
    })
  }
})

const bibtexFields = [
  'author',
  'date',
  'howpublished',
  'language',
  'month',
  'note',
  'title',
  'type',
  'url',
  'urldate',
  'version',
  'year',
].sort()

/** As BibTeX reads one entry: braces are counted, whatever stands before them. */
function readBibtex(text: string): { body: string; fields: Map<string, string> } {
  const begin = /^@misc\{concordance-[\w-]{43},/.exec(text)
  if (!begin) throw new Error('no entry begins')
  const fields = new Map<string, string>()
  let rest = text.slice(begin[0].length)
  for (;;) {
    const field = /^\s*(\w+) = /.exec(rest)
    if (!field) break
    rest = rest.slice(field[0].length)
    const end = rest.startsWith('{') ? endOfGroup(rest) : rest.indexOf(',')
    fields.set(field[1] ?? '', rest.slice(0, end))
    rest = rest.slice(end).replace(/^,/, '')
  }
  if (!/^\s*\}/.test(rest)) throw new Error(`the entry does not end: ${rest}`)
  return { body: rest.replace(/^\s*\}/, ''), fields }
}

function endOfGroup(text: string): number {
  let depth = 0
  for (const [at, character] of [...text].entries()) {
    if (character === '{') depth++
    if (character === '}') depth--
    if (depth === 0) return [...text].slice(0, at + 1).join('').length
  }
  throw new Error('a brace stays open')
}
