import fc from 'fast-check'
import t from 'tap'
import { formatEntryLine, formatTrailerLine, parseEntryLine, parseTrailerLine, type WireEntry } from '../src/index.ts'
import { bytesOf, createInstitute, entryAt } from './support/institute.ts'
import { verdictOf } from './support/refusal.ts'

const open = await entryAt(await createInstitute(), 7)
const { statement = '', body: _, ...rest } = open
const withoutBody: WireEntry = { ...rest, statement, state: 'statement' }
const closed: WireEntry = { position: 7, leaf: open.leaf, state: 'hash' }
const trailer = { next: 8, coverage: statement, checkpoint: statement, salt: 'c2FsdC1zYWx0LXNhbHQtLQ' }

const verdict = (line: string) => verdictOf(() => parseEntryLine(line))
const trailerVerdict = (line: string) => verdictOf(() => parseTrailerLine(line))

t.test('the line of an entry', async (t) => {
  t.test('is read as it is written, in each state', async (t) => {
    for (const entry of [open, withoutBody, closed]) t.same(parseEntryLine(formatEntryLine(entry)), entry, entry.state)
  })

  t.test('has one spelling', async (t) => {
    const line = formatEntryLine(open)
    for (const spelled of [
      ` ${line}`,
      `${line}\r`,
      line.replace('"position":7', '"position": 7'),
      line.replace('"position":7', '"position":7.0'),
      line.replace('"position":7', '"position":07'),
      line.replace('"position":7', '"position":7,"position":7'),
      line.replace('"state"', '"st\\u0061te"'),
      JSON.stringify(Object.fromEntries(Object.entries(open).reverse())),
    ]) {
      t.equal(verdict(spelled), 'PAGE', spelled.slice(0, 20))
    }
  })

  t.test('holds exactly the members of its state', async (t) => {
    const lines: object[] = [
      { ...open, recordId: bytesOf('x', 32) },
      { ...open, state: 'closed' },
      { ...open, statement: undefined },
      { ...closed, statement },
      { ...closed, body: '{}' },
      { ...open, state: 'statement' },
      { ...withoutBody, statement: 'x' },
      { ...closed, leaf: 'x' },
      { ...closed, leaf: `${closed.leaf.slice(0, -1)}B` },
      { ...closed, position: -1 },
      { ...closed, position: 2 ** 53 },
      { ...closed, position: '7' },
      { ...open, body: {} },
    ]
    for (const line of lines) t.equal(verdict(JSON.stringify(line)), 'PAGE', JSON.stringify(line).slice(-40))
  })

  t.test('that is no object is refused, however deep', async (t) => {
    for (const line of [
      '',
      'null',
      '[]',
      '1',
      '"x"',
      '{',
      '['.repeat(100_000),
      `${'['.repeat(9999)}${']'.repeat(9999)}`,
    ]) {
      t.equal(verdict(line), 'PAGE', line.slice(0, 10))
    }
  })

  t.test('does not survive a flipped bit, or says something else', async () => {
    const line = formatEntryLine(open)
    const bytes = Buffer.from(line)
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const text = copy.toString('utf8')
        return verdict(text) === 'PAGE' || JSON.stringify(parseEntryLine(text)) !== JSON.stringify(open)
      }),
      { seed: 1000, numRuns: 800 },
    )
  })
})

t.test('the last line of a page', async (t) => {
  t.test('is read as it is written', async (t) => {
    t.same(parseTrailerLine(formatTrailerLine(trailer)), trailer)
    t.equal(formatTrailerLine(trailer), JSON.stringify(trailer))
  })

  t.test('is complete and has one spelling', async (t) => {
    for (const member of Object.keys(trailer)) {
      t.equal(trailerVerdict(JSON.stringify({ ...trailer, [member]: undefined })), 'PAGE', `without ${member}`)
    }
    t.equal(trailerVerdict(JSON.stringify({ ...trailer, more: 1 })), 'PAGE')
    t.equal(trailerVerdict(`${JSON.stringify(trailer)} `), 'PAGE')
    t.equal(trailerVerdict(formatEntryLine(open)), 'PAGE')
    t.equal(verdict(formatTrailerLine(trailer)), 'PAGE')
  })
})
