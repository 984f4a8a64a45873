import t from 'tap'
import { findRecordType, recordTypes } from '../../src/index.ts'

t.test('the record types', async (t) => {
  t.test('are found by the name in the statement', async (t) => {
    t.same([...recordTypes.keys()].sort(), ['evaluation', 'group', 'keyset', 'marking', 'observation', 'withdrawal'])
    for (const [name, recordType] of recordTypes) t.equal(findRecordType(name), recordType)
    t.equal(findRecordType('horizon-scan'), undefined)
    t.equal(findRecordType('__proto__'), undefined)
  })

  t.test('have a media type each, made of their name', async (t) => {
    for (const { type, mediaType } of recordTypes.values())
      t.equal(mediaType, `application/vnd.concordance.${type}+json`)
  })
})
