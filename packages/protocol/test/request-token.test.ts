import { hash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  createLocalSigner,
  emptyBodyDigest,
  encodeBase64url,
  parseRequestTokenUnsafe,
  type RequestClaims,
  signCompact,
  signRequestToken,
  verifyRequestToken,
} from '../src/index.ts'
import { bytesOf, createInstitute } from './support/institute.ts'
import { verdictOf, verdictOfAsync } from './support/refusal.ts'
import { testKey } from './support/test-key.ts'

const asker = await createInstitute('a.example')
const signer = asker.signers.request
const now = 1_700_000_000
const claims: RequestClaims = {
  iss: asker.iss,
  aud: 'https://b.example',
  iat: now,
  exp: now + 60,
  jti: bytesOf('jti', 16),
  htm: 'GET',
  tgt: '/v1/log/entries?from=0&limit=500',
  bdg: emptyBodyDigest,
}

const key = asker.keyset.findKey(signer.kid, 'request')
if (key === undefined) throw new Error('the institute has a request key')
const request = {
  key,
  audience: claims.aud,
  method: claims.htm,
  target: claims.tgt,
  bodyDigest: claims.bdg,
  nowSeconds: now,
}

/** The verdict on a token, for the request it was made for unless told otherwise. */
const verdict = (compact: string, change: Partial<typeof request> = {}) =>
  verdictOf(() => verifyRequestToken(parseRequestTokenUnsafe(compact), { ...request, ...change }))

/** Signs claims that no honest node would. */
const signAnyway = (change: object, by = signer) =>
  signCompact('concordance-request+jwt', JSON.parse(JSON.stringify({ ...claims, ...change })), by)

const honest = await signRequestToken(claims, signer)

t.test('a request token', async (t) => {
  t.test('is good for the request it was signed for', async (t) => {
    t.equal(verdict(honest), 'accepted')
    const es256 = await createInstitute('a.example', 'ES256')
    const byHardware = es256.keyset.findKey(es256.signers.request.kid, 'request')
    t.equal(verdict(await signAnyway({}, es256.signers.request), byHardware && { key: byHardware }), 'accepted')
  })

  t.test('covers a body by its digest', async (t) => {
    const bodyDigest = hash('sha256', '{"size":7}', 'base64url')
    const post = await signAnyway({ htm: 'POST', tgt: '/v1/notify', bdg: bodyDigest })
    const sent = { method: 'POST', target: '/v1/notify' }
    t.equal(verdict(post, { ...sent, bodyDigest }), 'accepted')
    t.equal(verdict(post, sent), 'TOKEN_BODY', 'the body was taken off')
    t.equal(verdict(post, { ...sent, bodyDigest: hash('sha256', '{"size":8}', 'base64url') }), 'TOKEN_BODY')
    t.equal(emptyBodyDigest, hash('sha256', Buffer.alloc(0), 'base64url'))
  })

  t.test('for another node is refused, however alike the name', async (t) => {
    for (const audience of [
      'https://c.example',
      'https://b.example/',
      'https://b.example/x',
      'http://b.example',
      'https://B.example',
    ]) {
      t.equal(verdict(honest, { audience }), 'TOKEN_AUDIENCE', audience)
    }
  })

  t.test('for another method, path, query or order of query is refused', async (t) => {
    for (const method of ['HEAD', 'POST', 'get']) t.equal(verdict(honest, { method }), 'TOKEN_METHOD', method)
    for (const target of [
      '/v1/log/entries',
      '/v1/log/entries?from=0&limit=1000',
      '/v1/log/entries?limit=500&from=0',
      '/v1/log/entries/?from=0&limit=500',
      '/v1/log/%65ntries?from=0&limit=500',
      'https://b.example/v1/log/entries?from=0&limit=500',
    ]) {
      t.equal(verdict(honest, { target }), 'TOKEN_TARGET', target)
    }
  })

  t.test('is good from 30 s before it begins until 30 s after it ends', async (t) => {
    t.same(
      [now - 31, now - 30, now + 90, now + 91].map((nowSeconds) => verdict(honest, { nowSeconds })),
      ['TOKEN_TIME', 'accepted', 'accepted', 'TOKEN_TIME'],
    )
  })

  t.test('lives for at most 60 s and not less than one', async (t) => {
    for (const exp of [now + 61, now + 86_400, now, now - 1]) {
      t.equal(verdict(await signAnyway({ exp })), 'TOKEN_TIME', `exp ${exp - now}`)
      t.equal(await verdictOfAsync(() => signRequestToken({ ...claims, exp }, signer)), 'TOKEN_TIME')
    }
    t.equal(verdict(await signAnyway({ exp: now + 1 })), 'accepted')
  })

  t.test('needs every claim, in its one form', async (t) => {
    for (const claim of Object.keys(claims)) t.equal(verdict(await signAnyway({ [claim]: undefined })), 'SCHEMA', claim)
    const forms: Record<string, unknown>[] = [
      { aud: ['https://b.example'] },
      { aud: 'b.example' },
      { iss: 'a.example' },
      { iat: String(now) },
      { exp: now + 30.5 },
      { jti: '' },
      { jti: bytesOf('jti', 32) },
      { jti: `${claims.jti.slice(0, -1)}B` },
      { htm: 'get' },
      { tgt: 'v1/log' },
      { tgt: '/v1/log checkpoint' },
      { tgt: '/v1/\r\nx' },
      { tgt: `/${'x'.repeat(2048)}` },
      { bdg: null },
      { bdg: bytesOf('x', 16) },
    ]
    for (const form of forms) t.equal(verdict(await signAnyway(form)), 'SCHEMA', Object.keys(form).join())
  })

  t.test('is signed by the key that was looked up', async (t) => {
    const forger = createLocalSigner(testKey('forger'))
    t.equal(verdict(await signAnyway({}, forger)), 'KEY_UNKNOWN')
    t.equal(verdict(await signAnyway({}, { ...forger, kid: signer.kid })), 'SIGNATURE_INVALID')
    t.equal(verdict(await signAnyway({}, { ...signer, alg: 'ES256' })), 'ALGORITHM_REFUSED')
  })

  t.test('of an institute is never its record or log key: purposes do not mix', async (t) => {
    for (const purpose of ['record', 'log'] as const) {
      t.equal(asker.keyset.findKey(asker.signers[purpose].kid, 'request'), undefined, purpose)
    }
  })

  t.test('is no other message of the same key, and no other message is a token', async (t) => {
    const coverage = await signCompact('concordance-coverage+jwt', claims, signer)
    t.equal(verdict(coverage), 'JWS_TYPE')
    t.equal(verdict(await signCompact('JWT' as never, claims, signer)), 'JWS_TYPE')
  })

  t.test('tells whoever cannot sign nothing about what else is wrong', async (t) => {
    const forged = await signAnyway(
      { aud: 'https://c.example', iat: now - 900, exp: now - 880, htm: 'PUT' },
      { ...createLocalSigner(testKey('forger')), kid: signer.kid },
    )
    t.equal(verdict(forged), 'SIGNATURE_INVALID')
  })

  t.test('has at most 4,096 bytes', async (t) => {
    t.equal(verdict(await signAnyway({ more: 'x'.repeat(2900) })), 'TOO_LARGE')
    t.equal(verdict(await signAnyway({ more: 'x'.repeat(1000) })), 'accepted', 'unknown claims are kept')
  })

  t.test('does not survive any single flipped bit', async () => {
    const bytes = Buffer.from(honest, 'latin1')
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        return verdict(copy.toString('latin1')) !== 'accepted'
      }),
      { seed: 9449, numRuns: 500 },
    )
  })

  t.test('in any other shape is refused by a code, never by a crash', async () => {
    const segment = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((text) => encodeBase64url(Buffer.from(text))),
    )
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => verdict(segments.join('.')) !== 'accepted'),
      { seed: 9449, numRuns: 400 },
    )
  })
})
