import type { JsonObject, Statement } from '@concordance/protocol'
import t from 'tap'
import { formatJsonLd } from '../../src/export/json-ld.ts'
import { evaluation } from '../support/evaluation.ts'
import { base, detail, hostileTexts, matchGolden, otherId } from './views.ts'

const clear = { tlp: 'CLEAR', relay: 'any' } as const
const digest = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'

function describe(content: JsonObject, changes: Parameters<typeof detail>[0] = {}): string {
  const body = JSON.stringify(content)
  const type = `application/vnd.concordance.${changes.type ?? 'evaluation'}+json`
  const statement = { body: { digest, size: body.length, type } } as Statement
  const record = detail({ mark: clear, prev: otherId, ...changes })
  return formatJsonLd({ record, statement, body, base, describedBy: base })
}

t.test('a description in the vocabulary of schema.org', async (t) => {
  await t.test('reads so', async (t) => matchGolden(t, 'record.jsonld', describe(evaluation())))

  await t.test('of an evaluation is a data set with its measures, as they were signed', async (t) => {
    const described = JSON.parse(describe(evaluation()))
    t.equal(described['@type'], 'Dataset')
    t.match(described.variableMeasured, [
      { '@type': 'PropertyValue', propertyID: 'accuracy', value: 0.25, unitText: 'proportion' },
    ])
    t.match(described.conditionsOfAccess, 'TLP:CLEAR')
    t.equal(described.distribution.sha256, Buffer.from(digest, 'base64url').toString('hex'))
    t.match(described.creator, { '@type': 'Organization', '@id': 'https://node.institute.example' })
  })

  await t.test('of anything else is a work', async (t) => {
    const described = JSON.parse(describe({ seen: { en: 'Cloned voices.' } }, { type: 'observation', facets: {} }))
    t.equal(described['@type'], 'CreativeWork')
    t.strictSame(described.description, [{ '@language': 'en', '@value': 'Cloned voices.' }])
  })

  await t.test('names a sealed subject by its pseudonym alone', async (t) => {
    const { subject, ...rest } = evaluation() as { subject: JsonObject }
    const { name: _, version: __, ...others } = subject
    const sealed = { ...rest, subject: { ...others, sealed: { pseudonym: 'Model X', commitment: digest } } }
    t.equal(JSON.parse(describe(sealed as JsonObject)).about.name, 'Model X')
  })

  await t.test('begins no markup of a page, whatever a record says', async (t) => {
    for (const text of hostileTexts) {
      const written = describe(
        { ...evaluation(), title: { en: text }, plainSummary: { en: text } },
        { title: { en: text } },
      )
      t.notMatch(written, /[<\u2028\u2029\u202e]/)
      t.equal(JSON.parse(written).name[0]['@value'], text, 'and the value is the same')
    }
  })
})
