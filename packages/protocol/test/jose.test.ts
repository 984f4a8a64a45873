import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import t from 'tap'
import {
  createLocalSigner,
  importVerifyKey,
  parseCompactUnsafe,
  publicJwkOf,
  signCompact,
  thumbprint,
  verifyCompact,
} from '../src/index.ts'
import { withLowS } from '../src/signature.ts'
import { testKey } from './support/test-key.ts'

const typ = 'concordance-record+jwt'

t.test('another implementation of JOSE', async (t) => {
  for (const alg of ['Ed25519', 'ES256'] as const) {
    const jwk = testKey('jose', alg)
    const kid = thumbprint(jwk)

    t.test(`verifies what is signed here with ${alg}`, async (t) => {
      const compact = await signCompact(typ, { a: 'é' }, createLocalSigner(jwk))
      const { payload, protectedHeader } = await compactVerify(compact, await importJWK(publicJwkOf(jwk)))
      t.equal(Buffer.from(payload).toString(), '{"a":"é"}')
      t.same(protectedHeader, { alg, kid, typ })
    })

    t.test(`signs with ${alg} what is verified here`, async (t) => {
      const signing = new CompactSign(Buffer.from('{"a":"é"}')).setProtectedHeader({ alg, kid, typ })
      const [head, payload, signature = ''] = (await signing.sign(await importJWK(jwk))).split('.')
      // RFC 7518 leaves the choice between `s` and its twin to the signer; here the low one alone is accepted.
      const low = Buffer.from(withLowS(alg, Buffer.from(signature, 'base64url'))).toString('base64url')
      const jws = parseCompactUnsafe([head, payload, low].join('.'), typ)
      verifyCompact(jws, importVerifyKey(publicJwkOf(jwk)))
      t.same(jws.payload, { a: 'é' })
    })

    t.test(`gives an ${alg} key the same thumbprint`, async (t) => {
      t.equal(await calculateJwkThumbprint(publicJwkOf(jwk)), kid)
    })
  }
})
