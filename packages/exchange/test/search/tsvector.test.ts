import fc from 'fast-check'
import t from 'tap'
import { encodeTsvector, encodeTsvectors, placeOf, placesAtMost, weight } from '../../src/search/tsvector.ts'
import { openStemmer } from '../support/stemmer.ts'

t.test('what is written as PostgreSQL keeps it', async (t) => {
  const { connection } = await openStemmer(t)
  const lexeme = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map((text) => text.replaceAll('\0', '_'))
  const place = fc.record({ position: fc.nat({ max: 17_000 }), as: fc.constantFrom(...Object.values(weight)) })
  const places = fc
    .uniqueArray(place, { maxLength: 300, selector: ({ position }) => Math.min(position + 1, 16_383) })
    .map((all) => all.toSorted((a, b) => a.position - b.position).slice(0, placesAtMost))
  const letters = Object.fromEntries(Object.entries(weight).map(([letter, value]) => [value, letter]))

  await t.test('is what it makes of the same as text', async (t) => {
    const lexemes = fc.uniqueArray(fc.record({ lexeme, places }), { selector: (each) => each.lexeme, maxLength: 20 })
    const property = fc.asyncProperty(fc.array(lexemes, { maxLength: 3 }), async (records) => {
      const texts = records.map((all) =>
        all
          .map(({ lexeme, places }) => {
            const quoted = `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
            const at = places.map(({ position, as }) => `${position + 1}${letters[as]}`).join(',')
            return at === '' ? quoted : `${quoted}:${at}`
          })
          .join(' '),
      )
      const encoded = records.map((all) =>
        encodeTsvector(
          new Map(all.map(({ lexeme, places }) => [lexeme, places.map((each) => placeOf(each.position + 1, each.as))])),
        ),
      )
      const { rows } = await connection.query(
        'select $1::tsvector[]::text = $2::text[]::tsvector[]::text as same, cardinality($1::tsvector[]) as count',
        [encodeTsvectors(encoded), texts],
      )
      t.same(rows, [{ same: true, count: records.length }])
    })
    await fc.assert(property, { numRuns: 200, seed: 3 })
  })
})
