import fc from 'fast-check'
import t from 'tap'
import { tokenise } from '../../src/search/tokenise.ts'

const cases: [text: string, tokens: string[]][] = [
  ['GPT-4o scored 0.75', ['gpt', '4', 'o', 'scored', '0', '75']],
  ['Évaluation', ['evaluation']],
  ['Straße, Łódź, Ærø', ['strasse', 'lodz', 'aero']],
  ['Ｆｕｌｌ　ｗｉｄｔｈ', ['full', 'width']],
  ['Ёлка й', ['елка', 'й']],
  ['安全性', ['安全', '全性', '性']],
  ['國 国 險 険 险', ['国', '国', '险', '险', '险']],
  ['AIの安全', ['ai', 'の安', '安全', '全']],
  ['ｻｰﾊﾞｰ', ['サー', 'ーバ', 'バー', 'ー']],
  ['법 평가를', ['법', '평가', '가를', '를']],
  ['ปลอดภัย', ['ปล', 'ลอ', 'อด', 'ดภั', 'ภัย', 'ย']],
  ['مُعْجَم', ['معجم']],
  ['كتاب کتاب', ['کتاب', 'کتاب']],
  ['أسئلة إساءة', ['اسیله', 'اساءه']],
  ['می‌کند', ['می', 'کند']],
  ['٤٥ ۴۵ ४५', ['45', '45', '45']],
  ['हिन्दी हिंदी', ['हिंदी', 'हिंदी']],
  ['భద్రత', ['భద్రత']],
  ['བདེ་འཇགས།', ['བདེ', 'འཇགས']],
  ['шта\u200Bб соб\u00ADака', ['штаб', 'собака']],
  ['п’ять п\u02BCять', ['п', 'ять', 'п', 'ять']],
  ['a\u202Eb\u2066c', ['abc']],
  ['— … ! 🙂', []],
]

t.test('tokens', async (t) => {
  for (const [text, tokens] of cases) {
    await t.test(`of ${text} are ${tokens.join(' ') || 'none'}`, async (t) => {
      t.same(
        tokenise(text).map(({ exact }) => exact),
        tokens,
      )
    })
  }

  await t.test('hold letters, digits and marks only, whatever the text', async (t) => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      for (const { exact, joined = 'a' } of tokenise(text)) t.match(exact + joined, /^[\p{L}\p{N}\p{M}]+$/u)
    })
    fc.assert(property, { numRuns: 2_000, seed: 5 })
  })

  await t.test('follow one another, in order and inside the text', async (t) => {
    const text = 'GPT-4o の安全性を評価する'
    let last = { at: -1, from: -1 }
    for (const token of tokenise(text)) {
      t.ok(token.at === last.at + 1 && token.from >= last.from && token.to > token.from && token.to <= text.length)
      last = token
    }
  })
})
