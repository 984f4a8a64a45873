import { verify } from 'node:crypto'
import t from 'tap'
import {
  createLocalSigner,
  generatePrivateJwk,
  importVerifyKey,
  type PublicJwk,
  parsePublicJwk,
  publicJwkOf,
  thumbprint,
} from '../src/index.ts'
import { verdictOf } from './support/refusal.ts'
import { testKey } from './support/test-key.ts'

const ed25519 = publicJwkOf(testKey('any'))
const p256 = publicJwkOf(testKey('any', 'ES256'))
const verdict = (value: unknown) => verdictOf(() => parsePublicJwk(value))

/** Encodes a y coordinate and the sign of x as an Ed25519 public key. */
function point(y: bigint, sign: 0 | 1): PublicJwk {
  const bytes = Buffer.from((y + (BigInt(sign) << 255n)).toString(16).padStart(64, '0'), 'hex').reverse()
  return { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url'), alg: 'Ed25519', use: 'sig' }
}

const fieldPrime = 2n ** 255n - 19n
const orderEight = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n

t.test('a public key', async (t) => {
  t.test('of either kind is accepted with exactly its members', async (t) => {
    t.same(parsePublicJwk(ed25519), ed25519)
    t.same(parsePublicJwk(p256), p256)
    for (const jwk of [ed25519, p256]) {
      for (const member of Object.keys(jwk)) {
        t.equal(verdict({ ...jwk, [member]: undefined }), 'KEY_MALFORMED', `${jwk.kty} without ${member}`)
      }
    }
  })

  t.test('with a private or an unknown member is refused', async (t) => {
    t.equal(verdict(testKey('any')), 'KEY_MALFORMED')
    t.equal(verdict(testKey('any', 'ES256')), 'KEY_MALFORMED')
    for (const extra of [{ kid: 'x' }, { key_ops: ['verify'] }, { x5u: 'https://a.example' }, { k: 'AA' }]) {
      t.equal(verdict({ ...ed25519, ...extra }), 'KEY_MALFORMED', Object.keys(extra).join())
    }
  })

  t.test('of another curve, algorithm or use is refused', async (t) => {
    t.equal(verdict({ ...ed25519, crv: 'X25519' }), 'KEY_MALFORMED')
    t.equal(verdict({ ...ed25519, crv: 'Ed448' }), 'KEY_MALFORMED')
    t.equal(verdict({ ...ed25519, alg: 'EdDSA' }), 'KEY_MALFORMED')
    t.equal(verdict({ ...ed25519, alg: 'ES256' }), 'KEY_MALFORMED')
    t.equal(verdict({ ...ed25519, use: 'enc' }), 'KEY_MALFORMED')
    t.equal(verdict({ ...p256, crv: 'secp256k1' }), 'KEY_MALFORMED')
    t.equal(verdict({ ...p256, crv: 'P-384', alg: 'ES384' }), 'KEY_MALFORMED')
    t.equal(verdict({ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256', use: 'sig' }), 'KEY_MALFORMED')
    for (const value of [null, 'key', [], {}, 1]) t.equal(verdict(value), 'KEY_MALFORMED', JSON.stringify(value))
  })

  t.test('whose coordinates are not 32 bytes of strict base64url is refused', async (t) => {
    const { x } = ed25519
    for (const spelled of [x.slice(0, 42), `${x}A`, `${x}=`, `${x.slice(0, 42)}B`, ` ${x}`, `${x}\n`]) {
      t.equal(verdict({ ...ed25519, x: spelled }), 'KEY_MALFORMED', JSON.stringify(spelled))
    }
  })

  t.test('of low order is refused, with both signs of x', async (t) => {
    for (const y of [0n, 1n, fieldPrime - 1n, orderEight, fieldPrime - orderEight]) {
      for (const sign of [0, 1] as const) t.equal(verdict(point(y, sign)), 'KEY_REFUSED', `y = ${y}, sign ${sign}`)
    }
  })

  t.test('in a non-canonical encoding is refused, its canonical twin is not', async (t) => {
    const small = [3n, 4n, 5n, 6n, 9n, 10n, 15n, 16n, 18n]
    for (const y of small) {
      t.equal(verdict(point(y, 0)), 'accepted', `y = ${y}`)
      t.equal(verdict(point(y + fieldPrime, 0)), 'KEY_REFUSED', `y = p + ${y}`)
      t.equal(verdict(point(y + fieldPrime, 1)), 'KEY_REFUSED', `y = p + ${y}, other sign`)
    }
  })

  t.test('off the P-256 curve or beyond the field is refused', async (t) => {
    t.equal(verdict({ ...p256, y: ed25519.x }), 'KEY_REFUSED')
    const zero = Buffer.alloc(32).toString('base64url')
    t.equal(verdict({ ...p256, x: zero, y: zero }), 'KEY_REFUSED')
    t.equal(verdict({ ...p256, x: Buffer.alloc(32, 0xff).toString('base64url') }), 'KEY_REFUSED')
  })
})

t.test('the thumbprint is that of RFC 8037 appendix A.3, and of the required members only', async (t) => {
  const printed: PublicJwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    alg: 'Ed25519',
    use: 'sig',
  }
  t.equal(thumbprint(printed), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  t.equal(thumbprint(testKey('any', 'ES256')), thumbprint(p256))
})

t.test('a generated key', async (t) => {
  for (const alg of ['Ed25519', 'ES256'] as const) {
    t.test(`of ${alg} signs what its public half verifies`, async (t) => {
      const jwk = generatePrivateJwk(alg)
      const key = importVerifyKey(parsePublicJwk(publicJwkOf(jwk)))
      const signer = createLocalSigner(jwk)
      const signature = await signer.sign(Buffer.from('message'))
      t.equal(signer.kid, key.kid)
      t.equal(signature.length, 64)
      const options = { key: key.keyObject, dsaEncoding: 'ieee-p1363' } as const
      t.ok(verify(alg === 'ES256' ? 'sha256' : null, Buffer.from('message'), options, signature))
    })
  }

  t.test('is never drawn twice', async (t) => {
    t.not(generatePrivateJwk('Ed25519').d, generatePrivateJwk('Ed25519').d)
  })
})
