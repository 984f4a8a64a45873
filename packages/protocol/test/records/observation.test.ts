import t from 'tap'
import { Check } from 'typebox/schema'
import { ObservationBody, observation } from '../../src/records/observation.ts'

const example: ObservationBody = {
  seen: { fr: 'Des agents vocaux refusent le swahili. Les appelants raccrochent.' },
  country: 'KE',
  sector: 'health',
  howOften: 'weekly',
  wish: { fr: 'Un essai commun sur les langues peu dotées.' },
}

t.test('an observation', async (t) => {
  t.test('is five fields', async (t) => {
    t.ok(Check(ObservationBody, example))
    for (const field of Object.keys(example)) {
      const body: Record<string, unknown> = { ...example }
      delete body[field]
      t.notOk(Check(ObservationBody, body), field)
    }
  })

  t.test('names a country, a frequency and languages by their codes', async (t) => {
    t.notOk(Check(ObservationBody, { ...example, country: 'Kenya' }))
    t.notOk(Check(ObservationBody, { ...example, howOften: 'a lot' }))
    t.notOk(Check(ObservationBody, { ...example, seen: 'no language' }))
    t.notOk(Check(ObservationBody, { ...example, seen: { fr: '  ' } }))
  })

  t.test('keeps members this version does not know', async (t) => {
    t.ok(Check(ObservationBody, { ...example, iss: 'https://a.example', salt: 'x', secondedBy: [] }))
  })

  t.test('is titled by its first sentence in each language', async (t) => {
    const described = observation.describe({ ...example, seen: { ...example.seen, ja: '音声が切れる。理由は不明。' } })
    t.same(described.title, { fr: 'Des agents vocaux refusent le swahili.', ja: '音声が切れる。' })
    t.same(described.facets, { country: 'KE', sector: 'health', howOften: 'weekly' })
  })

  t.test('is titled by 140 characters where the first sentence is longer', async (t) => {
    const described = observation.describe({ ...example, seen: { en: '𝒳'.repeat(300) } })
    t.equal([...(described.title.en ?? '')].length, 140)
    t.ok(described.title.en?.endsWith('…'))
  })

  t.test('says when it is made up for a demonstration', async (t) => {
    t.equal(observation.describe({ ...example, synthetic: true }).facets.synthetic, 'true')
    t.equal(observation.describe(example).facets.synthetic, undefined)
  })
})
