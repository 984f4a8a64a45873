import fc from 'fast-check'
import t from 'tap'
import { decodeBase64url, encodeBase64url } from '../src/index.ts'
import { verdictOf } from './support/refusal.ts'

t.test('base64url', async (t) => {
  t.test('has one spelling for any bytes', async () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        (bytes) => Buffer.compare(decodeBase64url(encodeBase64url(bytes)), bytes) === 0,
      ),
      { seed: 4648 },
    )
  })

  t.test('refuses padding, white space, the other alphabet, other letters and unused bits', async (t) => {
    t.same([...decodeBase64url('-_8')], [0xfb, 0xff])
    for (const text of ['-_8=', ' -_8', '-_8\n', '-_ 8', '+/8', '-_9', 'A', 'é_8A', '-_8\u0000', 'AAAA-_9']) {
      t.equal(
        verdictOf(() => decodeBase64url(text)),
        'BASE64URL_MALFORMED',
        JSON.stringify(text),
      )
    }
  })
})
