import fc from 'fast-check'
import t from 'tap'
import { plainJson, plainLines, plainText } from '../src/plain-text.ts'

/** Everything a terminal could obey, or a reader could be misled by without seeing it. */
const unsafe = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u

t.test('text of others holds nothing that a terminal obeys', async (t) => {
  t.equal(plainText('a\u001b[31mred\u202e\u{e0041}'), 'a<U+001B>[31mred<U+202E><U+E0041>')
  t.equal(plainText('two\r\nlines\u2028and\ttab'), 'two lines and tab')
  t.equal(plainLines('two\r\nlines\u001b'), 'two\nlines<U+001B>')
  t.equal(plainText('می‌خواهم 👩‍🔬 試験 Prüfung'), 'می‌خواهم 👩‍🔬 試験 Prüfung', 'while what people write stays as it is')
  t.equal(plainText('\ud800'), '\ufffd')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => !unsafe.test(plainText(text))),
    { seed: 1, numRuns: 500 },
  )
})

t.test('JSON holds the same value, in a spelling that a terminal does not obey', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = plainJson({ text })
      return !unsafe.test(json) && JSON.parse(json).text === text
    }),
    { seed: 2, numRuns: 500 },
  )
})
