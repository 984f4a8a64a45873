import { hash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { encodeBody, limits, type Statement, verifyBody } from '../src/index.ts'
import { bytesOf, finding, observed } from './support/institute.ts'
import { verdictOf } from './support/refusal.ts'

const iss = 'https://a.example'
const salt = bytesOf('salt', 32)
const honest = encodeBody('observation', observed, { iss, salt })

/** A statement that commits to exactly this text, whatever it is. */
function committing(text: string, change: Partial<Statement> = {}): Statement {
  const type = 'application/vnd.concordance.observation+json'
  return {
    v: 1,
    iss,
    log: 'a.example/log/1',
    type: 'observation',
    finding,
    version: 1,
    iat: 1,
    nonce: bytesOf('nonce', 16),
    mark: { tlp: 'CLEAR', relay: 'any' },
    rel: [],
    lang: 'en',
    body: { digest: hash('sha256', text, 'base64url'), size: Buffer.byteLength(text), type },
    ...change,
  }
}

/** The verdict on a text its statement commits to. */
const verdict = (text: string, change: Partial<Statement> = {}) =>
  verdictOf(() => verifyBody(committing(text, change), text))

const textWith = (change: Record<string, unknown>) => {
  const entries = Object.entries({ ...JSON.parse(honest.text), ...change }).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(entries))
}

t.test('a body', async (t) => {
  t.test('holds its issuer and a salt, and is described by digest and size', async (t) => {
    t.same(JSON.parse(honest.text), { ...observed, iss, salt })
    t.equal(honest.digest, hash('sha256', honest.text, 'base64url'))
    t.equal(honest.size, Buffer.byteLength(honest.text))
    t.same(verifyBody(committing(honest.text), honest.text), { ...observed, iss, salt })
  })

  t.test('of no known type, outside its schema or without a whole salt is not written', async (t) => {
    const write = (type: string, content: object, by = salt) =>
      verdictOf(() => encodeBody(type, content as never, { iss, salt: by }))
    t.equal(write('opinion', observed), 'TYPE_UNKNOWN')
    t.equal(write('observation', { ...observed, country: 'Kenya' }), 'SCHEMA')
    t.equal(write('observation', observed, bytesOf('short', 16)), 'SCHEMA')
    t.equal(write('observation', { ...observed, more: undefined }), 'JSON_MALFORMED')
    t.equal(write('observation', observed), 'accepted')
  })

  t.test('has at most 256 KiB', async (t) => {
    const filled = (length: number) => ({ ...observed, more: 'x'.repeat(length) })
    const spare = limits.bodyBytes - encodeBody('observation', filled(0), { iss, salt }).size
    const largest = encodeBody('observation', filled(spare), { iss, salt })
    t.equal(verdict(largest.text), 'accepted')
    t.equal(
      verdictOf(() => encodeBody('observation', filled(spare + 1), { iss, salt })),
      'TOO_LARGE',
    )
  })

  t.test('is the one the statement commits to, to the byte', async (t) => {
    const statement = committing(honest.text)
    const other = encodeBody('observation', observed, { iss, salt: bytesOf('other salt', 32) })
    for (const text of [
      other.text,
      '',
      `${honest.text} `,
      honest.text.slice(0, -1),
      honest.text.normalize('NFD').replace('S', 's'),
    ]) {
      t.equal(
        verdictOf(() => verifyBody(statement, text)),
        'DIGEST_MISMATCH',
      )
    }
    const wrongSize = { ...statement, body: { digest: honest.digest, size: honest.size + 1, type: honest.mediaType } }
    t.equal(
      verdictOf(() => verifyBody(wrongSize, honest.text)),
      'DIGEST_MISMATCH',
    )
    const { body: _, ...bodiless } = statement
    t.equal(
      verdictOf(() => verifyBody(bodiless, honest.text)),
      'DIGEST_MISMATCH',
    )
  })

  t.test('does not survive any single flipped bit', async () => {
    const statement = committing(honest.text)
    const bytes = Buffer.from(honest.text)
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        return verdictOf(() => verifyBody(statement, copy.toString('utf8'))) === 'DIGEST_MISMATCH'
      }),
      { seed: 256, numRuns: 500 },
    )
  })

  t.test('of another issuer cannot be opened: a commitment that was copied stays closed', async (t) => {
    t.equal(verdict(textWith({ iss: 'https://b.example' })), 'ISSUER')
    t.equal(verdict(textWith({ iss: undefined })), 'ISSUER')
  })

  t.test('without 32 bytes of salt is refused', async (t) => {
    for (const wrong of [undefined, '', 'salt', 1, bytesOf('x', 16), `${salt.slice(0, -1)}B`]) {
      t.equal(verdict(textWith({ salt: wrong })), 'SCHEMA', String(wrong))
    }
  })

  t.test('that is signed but not canonical, or no object, is refused', async (t) => {
    t.equal(verdict(` ${honest.text}`), 'JSON_NOT_CANONICAL')
    t.equal(verdict(honest.text.replace('{', `{"country":"KE",`)), 'JSON_NOT_CANONICAL')
    t.equal(verdict('[]'), 'SCHEMA')
    t.equal(verdict('null'), 'SCHEMA')
    t.equal(verdict('not json'), 'JSON_MALFORMED')
  })

  t.test('is held to the schema and the media type of its record type', async (t) => {
    t.equal(verdict(textWith({ country: 'Kenya' })), 'SCHEMA')
    t.equal(verdict(textWith({ country: undefined })), 'SCHEMA')
    t.equal(verdict(textWith({ unknownMember: [1] })), 'accepted')
    const type = 'application/vnd.concordance.evaluation+json'
    const body = { digest: honest.digest, size: honest.size, type }
    t.equal(verdict(honest.text, { body }), 'SCHEMA')
  })

  t.test('of a type this version does not know is checked as far as every body goes', async (t) => {
    t.equal(verdict(textWith({ country: 'Kenya' }), { type: 'opinion' }), 'accepted')
    t.equal(verdict(textWith({ iss: 'https://b.example' }), { type: 'opinion' }), 'ISSUER')
    t.equal(verdict(` ${honest.text}`, { type: 'opinion' }), 'JSON_NOT_CANONICAL')
  })

  t.test('names no content where it is refused', async (t) => {
    const secret = 'a secret the reader may not see'
    try {
      verifyBody(committing(textWith({ country: secret })), textWith({ country: secret }))
      t.fail('was accepted')
    } catch (error) {
      t.notMatch(String(error), secret)
      t.match(String(error), '/country')
    }
  })
})
