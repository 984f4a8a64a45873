import { verify } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  createLocalSigner,
  encodeBase64url,
  importVerifyKey,
  parseCompactUnsafe,
  publicJwkOf,
  signCompact,
  verifyCompact,
  verifyCompactAsync,
} from '../src/index.ts'
import { verdictOf, verdictOfAsync } from './support/refusal.ts'
import { testKey } from './support/test-key.ts'

const typ = 'concordance-record+jwt'
const jwk = testKey('jws')
const signer = createLocalSigner(jwk)
const key = importVerifyKey(publicJwkOf(jwk))
const honest = await signCompact(typ, { a: 1, b: 'é' }, signer)
const [head = '', body = '', signature = ''] = honest.split('.')

const parse = (compact: string) => verdictOf(() => parseCompactUnsafe(compact, typ))
const text = (value: string) => encodeBase64url(Buffer.from(value))

/** Signs any header and payload text with the right key, as a hostile holder of that key could. */
async function signText(header: string, payload = '{"a":1}'): Promise<string> {
  const input = `${text(header)}.${text(payload)}`
  return `${input}.${encodeBase64url(await signer.sign(Buffer.from(input)))}`
}

const kid = signer.kid
const header = (change: Record<string, unknown> = {}) => JSON.stringify({ alg: 'Ed25519', kid, typ, ...change })

t.test('a compact JWS', async (t) => {
  t.test('is signed and verified, and its payload read back', async (t) => {
    const jws = parseCompactUnsafe(honest, typ)
    t.same(jws.header, { alg: 'Ed25519', kid, typ })
    t.same(jws.payload, { a: 1, b: 'é' })
    verifyCompact(jws, key)
    await verifyCompactAsync(jws, key)
  })

  t.test('of ES256 likewise', async (t) => {
    const es256 = testKey('jws', 'ES256')
    const jws = parseCompactUnsafe(await signCompact(typ, { a: 1 }, createLocalSigner(es256)), typ)
    verifyCompact(jws, importVerifyKey(publicJwkOf(es256)))
    await verifyCompactAsync(jws, importVerifyKey(publicJwkOf(es256)))
    t.equal(jws.signature.length, 64)
  })

  t.test('has one spelling: unused bits, padding, white space and other alphabets are refused', async (t) => {
    const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = signature.at(-1) ?? ''
    const flipped = signature.slice(0, -1) + twin[twin.indexOf(last) ^ 1]
    const spellings = [
      `${head}.${body}.${flipped}`,
      `${honest}==`,
      `${honest}\n`,
      ` ${honest}`,
      `${head}.${body} .${signature}`,
      `${head}.${body}.${signature.slice(0, 20)}\r\n${signature.slice(20)}`,
      `${head}.${body}.${Buffer.from(signature, 'base64url').toString('base64')}`,
    ]
    for (const spelling of spellings) t.equal(parse(spelling), 'JWS_MALFORMED', JSON.stringify(spelling.slice(-12)))
    t.equal(parse(honest), 'accepted')
  })

  t.test('has exactly three segments, none of them empty', async (t) => {
    const texts = ['', '.', '..', head, `${head}.${body}`, `${honest}.`, `${honest}.${body}`, `.${body}.${signature}`]
    for (const compact of [...texts, `${head}..${signature}`, `${head}.${body}.`]) {
      t.equal(parse(compact), 'JWS_MALFORMED', compact.slice(0, 12))
    }
    t.equal(parse(JSON.stringify({ protected: head, payload: body, signature })), 'JWS_MALFORMED', 'JSON serialization')
  })

  t.test('has exactly the header members alg, kid and typ', async (t) => {
    t.equal(parse(await signText(header())), 'accepted')
    const members: Record<string, unknown>[] = [
      { jwk: publicJwkOf(jwk) },
      { jku: 'https://a.example/jwks' },
      { x5c: ['AA'] },
      { x5u: 'https://a.example' },
      { crit: ['exp'], exp: 1 },
      { crit: [] },
      { b64: false, crit: ['b64'] },
      { cty: 'json' },
      { zip: 'DEF' },
      { kid: undefined },
      { typ: undefined },
      { kid: 1 },
      { kid: '../../key' },
    ]
    for (const change of members) t.equal(parse(await signText(header(change))), 'JWS_HEADER', JSON.stringify(change))
  })

  t.test('has a canonical header without duplicates', async (t) => {
    const headers = [
      header().replace('{', '{"alg":"Ed25519",'),
      header().replace('}', `,"typ":"${typ}"}`),
      header().replaceAll(',', ', '),
      JSON.stringify({ typ, kid, alg: 'Ed25519' }),
      header().replace('Ed25519', 'Ed\\u00325519'),
      `\ufeff${header()}`,
      `${header()}\n`,
    ]
    for (const spelled of headers) t.equal(parse(await signText(spelled)), 'JWS_HEADER', spelled.slice(0, 30))
  })

  t.test('has one of two algorithms', async (t) => {
    for (const alg of [
      'none',
      'None',
      '',
      'HS256',
      'RS256',
      'PS256',
      'ES384',
      'EdDSA',
      'ed25519',
      'ES256K',
      'ML-DSA-44',
    ]) {
      t.equal(parse(await signText(header({ alg }))), 'ALGORITHM_REFUSED', alg)
    }
  })

  t.test('is of the type that is expected', async (t) => {
    for (const other of [
      'concordance-request+jwt',
      'JWT',
      'Concordance-Record+jwt',
      'application/concordance-record+jwt',
    ]) {
      t.equal(parse(await signText(header({ typ: other }))), 'JWS_TYPE', other)
    }
    t.equal(
      verdictOf(() => parseCompactUnsafe(honest, 'concordance-keyset+jwt')),
      'JWS_TYPE',
    )
  })

  t.test('has a canonical object for its payload', async (t) => {
    t.equal(parse(await signText(header(), '{"a":1,"a":1}')), 'JSON_NOT_CANONICAL')
    t.equal(parse(await signText(header(), '{"a": 1}')), 'JSON_NOT_CANONICAL')
    t.equal(parse(await signText(header(), 'a')), 'JSON_MALFORMED')
    for (const value of ['[]', 'null', '1', '"a"']) t.equal(parse(await signText(header(), value)), 'SCHEMA', value)
    const input = `${head}.${encodeBase64url(Buffer.from([0x22, 0xff, 0x22]))}`
    t.equal(parse(`${input}.${encodeBase64url(await signer.sign(Buffer.from(input)))}`), 'JSON_MALFORMED')
  })

  t.test('is limited in size before anything else', async (t) => {
    t.equal(parse('x'.repeat(5000)), 'TOO_LARGE')
    t.equal(
      verdictOf(() => parseCompactUnsafe(honest, typ, honest.length)),
      'accepted',
    )
    t.equal(
      verdictOf(() => parseCompactUnsafe(honest, typ, honest.length - 1)),
      'TOO_LARGE',
    )
  })
})

t.test('verification', async (t) => {
  const verdicts = async (compact: string, by = key) => {
    const jws = parseCompactUnsafe(compact, typ)
    const now = verdictOf(() => verifyCompact(jws, by))
    t.equal(await verdictOfAsync(() => verifyCompactAsync(jws, by)), now, 'both ways agree')
    return now
  }

  t.test('refuses a key of another name before any mathematics', async (t) => {
    t.equal(await verdicts(honest, importVerifyKey(publicJwkOf(testKey('other')))), 'KEY_UNKNOWN')
  })

  t.test('refuses another algorithm than that of the key', async (t) => {
    t.equal(await verdicts(await signText(header({ alg: 'ES256' }))), 'ALGORITHM_REFUSED')
  })

  t.test('refuses a signature of another key, of other bytes, or of another length', async (t) => {
    const forged = createLocalSigner(testKey('other'))
    t.equal(await verdicts(await signCompact(typ, { a: 1 }, { ...forged, kid })), 'SIGNATURE_INVALID')
    t.equal(await verdicts(`${head}.${text('{"a":2}')}.${signature}`), 'SIGNATURE_INVALID')
    for (const length of [1, 63, 65, 128]) {
      t.equal(
        await verdicts(`${head}.${body}.${encodeBase64url(Buffer.alloc(length))}`),
        'SIGNATURE_INVALID',
        `${length} bytes`,
      )
    }
    t.equal(await verdicts(honest), 'accepted')
  })

  t.test('refuses an ES256 signature in DER, and of zeros', async (t) => {
    const es256 = testKey('jws', 'ES256')
    const by = importVerifyKey(publicJwkOf(es256))
    const compact = await signCompact(typ, { a: 1 }, createLocalSigner(es256))
    const input = compact.slice(0, compact.lastIndexOf('.'))
    const der = Buffer.from('3006020101020101', 'hex')
    t.equal(await verdicts(`${input}.${encodeBase64url(der)}`, by), 'SIGNATURE_INVALID')
    t.equal(await verdicts(`${input}.${encodeBase64url(Buffer.alloc(64))}`, by), 'SIGNATURE_INVALID')
    t.equal(await verdicts(compact, by), 'accepted')
  })

  t.test('accepts of an ES256 signature and its twin, which anybody can compute, only one', async (t) => {
    const es256 = testKey('jws', 'ES256')
    const by = importVerifyKey(publicJwkOf(es256))
    const { sign, ...signer } = createLocalSigner(es256)
    let highs = 0
    for (let i = 0; i < 32; i++) {
      const bytes = await sign(Buffer.from('anything'))
      if (Buffer.compare(twinOf(bytes), Buffer.from(bytes)) < 0) highs++
      const compact = await signCompact(typ, { a: i }, { ...signer, sign })
      t.equal(await verdicts(compact, by), 'accepted', 'whichever of the two the signer gave')
      const [input, signature] = [
        compact.slice(0, compact.lastIndexOf('.')),
        compact.slice(compact.lastIndexOf('.') + 1),
      ]
      const twin = twinOf(Buffer.from(signature, 'base64url'))
      t.ok(
        verify('sha256', Buffer.from(input), { key: by.keyObject, dsaEncoding: 'ieee-p1363' }, twin),
        'which verifies too',
      )
      t.equal(await verdicts(`${input}.${encodeBase64url(twin)}`, by), 'SIGNATURE_INVALID')
    }
    t.ok(highs > 0)
  })

  t.test('refuses any single flipped bit', async () => {
    const bytes = Buffer.from(honest, 'latin1')
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const flipped = copy.toString('latin1')
        return verdictOf(() => verifyCompact(parseCompactUnsafe(flipped, typ), key)) !== 'accepted'
      }),
      { seed: 7515, numRuns: 600 },
    )
  })
})

/** `(r, n - s)` for `(r, s)`. */
function twinOf(signature: Uint8Array): Buffer {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const bytes = Buffer.from(signature)
  const s = order - BigInt(`0x${bytes.toString('hex', 32)}`)
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
}
