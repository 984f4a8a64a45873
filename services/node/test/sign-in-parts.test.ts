import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto'
import t from 'tap'
import { createAttempts } from '../src/sign-in/attempts.ts'
import { keep } from '../src/sign-in/keep.ts'
import { parseKeys } from '../src/sign-in/provider-keys.ts'

t.test('a sign-in under way', async (t) => {
  const clock = { seconds: 1_800_000_000 }
  const deps = { now: () => new Date(clock.seconds * 1_000), random: (bytes: number) => randomBytes(bytes) }
  const attempts = createAttempts('s'.repeat(64), deps)
  const begun = attempts.begin('/v1/records?q=ü')

  await t.test('is taken up again by its cookie, with all that belongs to it', async (t) => {
    t.same(attempts.resume(begun.cookie), begun)
    t.same(createAttempts('s'.repeat(64), deps).resume(begun.cookie), begun, 'by another process of the node too')
    t.match(begun.cookie, /^[\w.-]+$/, 'which needs no quoting')
  })

  await t.test('keeps its secrets apart', async (t) => {
    const { state, nonce, verifier, digest, cookie } = begun
    t.equal(new Set([state, nonce, verifier, digest.toString('base64url')]).size, 4)
    for (const secret of [nonce, verifier, state]) t.notMatch(cookie, secret)
    t.not(attempts.begin('/').verifier, verifier)
  })

  await t.test('ends after ten minutes, and does not begin in the future', async (t) => {
    clock.seconds += 600
    t.ok(attempts.resume(begun.cookie))
    clock.seconds += 1
    t.equal(attempts.resume(begun.cookie), undefined)
    clock.seconds -= 700
    t.equal(attempts.resume(begun.cookie), undefined)
    clock.seconds += 99
  })

  await t.test('of another node, or changed anywhere, is none', async (t) => {
    t.equal(createAttempts('t'.repeat(64), deps).resume(begun.cookie), undefined)
    for (let at = 0; at < begun.cookie.length; at += 1) {
      const changed = begun.cookie[at] === 'B' ? 'C' : 'B'
      const cookie = begun.cookie.slice(0, at) + changed + begun.cookie.slice(at + 1)
      // The last letter of a MAC carries two bits that no byte takes.
      if (at < begun.cookie.length - 1) t.equal(attempts.resume(cookie), undefined, `letter ${at}`)
    }
    t.equal(attempts.resume(`${begun.cookie}A`), undefined)
    t.equal(attempts.resume(''), undefined)
  })
})

t.test('a value from elsewhere', async (t) => {
  const start = () => {
    const state = { nowMs: 0, loads: 0, answer: async (): Promise<string> => 'first' }
    const load = () => {
      state.loads += 1
      return state.answer()
    }
    return { state, kept: keep({ load, freshMs: 100, usableMs: 1_000, retryMs: 30, clockMs: () => state.nowMs }) }
  }

  await t.test('is loaded once, however many ask', async (t) => {
    const { state, kept } = start()
    t.same(await Promise.all([kept.get(), kept.get(), kept.renew()]), ['first', 'first', 'first'])
    t.equal(state.loads, 1)
  })

  await t.test('is loaded at most once in the time between two loads, whoever insists', async (t) => {
    const { state, kept } = start()
    await kept.get()
    for (let time = 0; time < 29; time += 1) {
      state.nowMs += 1
      await kept.renew()
    }
    t.equal(state.loads, 1)
    state.nowMs += 1
    state.answer = async () => 'second'
    t.equal(await kept.renew(), 'second')
    t.equal(state.loads, 2)
  })

  await t.test('is answered as it was while elsewhere hangs', async (t) => {
    const { state, kept } = start()
    await kept.get()
    state.nowMs = 500
    state.answer = () => new Promise(() => {})
    t.equal(await kept.get(), 'first')
    t.equal(await kept.get(), 'first')
    t.equal(state.loads, 2)
  })

  await t.test('is answered as it was while elsewhere fails, but not for ever', async (t) => {
    const { state, kept } = start()
    await kept.get()
    state.answer = async () => Promise.reject(new Error('away'))
    state.nowMs = 999
    t.equal(await kept.renew(), 'first')
    state.nowMs = 1_000
    await t.rejects(kept.get(), { message: 'away' })
    state.nowMs = 1_040
    state.answer = async () => 'back'
    t.equal(await kept.get(), 'back')
  })

  await t.test('fails as the last load did until the next one is due', async (t) => {
    const { state, kept } = start()
    state.answer = async () => Promise.reject(new Error('away'))
    await t.rejects(kept.get(), { message: 'away' })
    state.answer = async () => 'back'
    await t.rejects(kept.get(), { message: 'away' })
    t.equal(state.loads, 1)
  })
})

t.test('the key set of a provider', async (t) => {
  const publicJwk = (type: 'rsa' | 'ec' | 'ed25519', options: object = {}) =>
    (
      generateKeyPairSync(
        type as 'rsa',
        { modulusLength: 2_048, namedCurve: 'P-256', ...options } as never,
      ) as never as {
        publicKey: { export(as: object): JsonWebKey }
      }
    ).publicKey.export({ format: 'jwk' })
  const rsa = { ...publicJwk('rsa'), kid: 'rsa' }
  const ec = { ...publicJwk('ec'), kid: 'ec' }
  const ed = { ...publicJwk('ed25519'), kid: 'ed' }
  const kids = (keys: unknown[], algorithm: 'RS256' | 'ES256' | 'EdDSA' = 'RS256') => [
    ...parseKeys(Buffer.from(JSON.stringify({ keys })), algorithm).keys(),
  ]

  await t.test('gives the keys of the pinned algorithm', async (t) => {
    const all = [rsa, ec, ed]
    t.same(kids(all, 'RS256'), ['rsa'])
    t.same(kids(all, 'ES256'), ['ec'])
    t.same(kids(all, 'EdDSA'), ['ed'])
    t.same(kids([{ ...rsa, use: 'sig', alg: 'RS256' }]), ['rsa'])
  })

  await t.test('gives no key that is for something else, unsafe, or ambiguous', async (t) => {
    const cases: Record<string, unknown[]> = {
      'for encryption': [{ ...rsa, use: 'enc' }],
      'for another algorithm': [{ ...rsa, alg: 'PS256' }],
      'without a kid': [{ ...rsa, kid: undefined }],
      'with a kid that is no text': [{ ...rsa, kid: 1 }],
      'with an endless kid': [{ ...rsa, kid: 'x'.repeat(201) }],
      'of 1,024 bits': [{ ...publicJwk('rsa', { modulusLength: 1_024 }), kid: 'short' }],
      'with an exponent of 1': [{ ...rsa, e: 'AQ' }],
      'with an exponent of 3': [{ ...rsa, e: 'Aw' }],
      'of 100,000 bits': [{ ...rsa, n: 'A'.repeat(2) + 'x'.repeat(16_666) }],
      'a secret': [{ kty: 'oct', k: 'AAAA', kid: 'oct', alg: 'RS256' }],
      'two under one kid': [rsa, { ...publicJwk('rsa'), kid: 'rsa' }],
      'the same twice': [rsa, rsa],
      nonsense: [null, 1, 'x', [], {}, { kid: 'x' }],
    }
    for (const [name, keys] of Object.entries(cases)) t.same(kids(keys), [], name)
    t.same(kids([{ ...ed, x: Buffer.alloc(32).toString('base64url') }], 'EdDSA'), [], 'a point of low order')
    t.same(kids([{ ...ec, y: ec.x }], 'ES256'), [], 'a point off the curve')
  })

  await t.test('is read as far as fifty keys, strictly', async (t) => {
    t.same(kids([...Array.from({ length: 50 }, () => null), rsa]), [])
    for (const text of ['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":[],"keys":[]}', '{"keys":[]']) {
      t.throws(() => parseKeys(Buffer.from(text), 'RS256'), text)
    }
  })
})
