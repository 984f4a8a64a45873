import t from 'tap'
import {
  type NodeDocument,
  signCompact,
  signKeyset,
  signNodeDocument,
  thumbprint,
  verifyNodeDocument,
} from '../src/index.ts'
import { createInstitute } from './support/institute.ts'
import { verdictOf } from './support/refusal.ts'
import { testKey } from './support/test-key.ts'

const institute = await createInstitute()
const { iss, pin, keyset, signers } = institute
const document: NodeDocument = {
  v: 1,
  iss,
  origin: institute.origin,
  base: 'https://node.a.example/concordance',
  keyset: keyset.compact,
  versions: ['1.0'],
  features: ['search'],
  limits: { pageEntries: 1000 },
  name: { en: 'Institute A' },
  iat: 1_700_000_000,
}
const verdict = (compact: string, trust: Partial<Parameters<typeof verifyNodeDocument>[1]> = {}) =>
  verdictOf(() => verifyNodeDocument(compact, { pin, iss, ...trust }))
const signAnyway = (change: object, signer = signers.log) =>
  signCompact('concordance-node+jwt', JSON.parse(JSON.stringify({ ...document, ...change })), signer)

t.test('a node document', async (t) => {
  const honest = await signNodeDocument(document, signers.log)

  t.test('carries the keyset that verifies it, which the pin verifies', async (t) => {
    const verified = verifyNodeDocument(honest, { pin, iss })
    t.same(verified.document, document)
    t.equal(verified.keyset.digest, keyset.digest)
    t.equal(verdict(honest, { pin: thumbprint(testKey('other root')) }), 'PIN_MISMATCH')
    t.equal(verdict(honest, { iss: 'https://b.example' }), 'ISSUER')
  })

  t.test('is accepted with the keyset already held, and with its successor', async (t) => {
    t.equal(verdict(honest, { previous: keyset }), 'accepted')
    const second = await signKeyset({ ...institute.document, seq: 2, prev: keyset.digest }, signers.root)
    t.equal(verdict(await signAnyway({ keyset: second }), { previous: keyset }), 'accepted')
    const third = await signKeyset({ ...institute.document, seq: 3, prev: keyset.digest }, signers.root)
    t.equal(verdict(await signAnyway({ keyset: third }), { previous: keyset }), 'KEYSET')
  })

  t.test('signed by another key than a log key of its own is refused', async (t) => {
    const other = await createInstitute('b.example')
    t.equal(verdict(await signAnyway({}, signers.record)), 'KEY_PURPOSE')
    t.equal(verdict(await signAnyway({}, other.signers.log)), 'KEY_UNKNOWN')
    t.equal(verdict(await signAnyway({}, { ...other.signers.log, kid: signers.log.kid })), 'SIGNATURE_INVALID')
  })

  t.test('that says another issuer or log than its keyset is refused', async (t) => {
    t.equal(verdict(await signAnyway({ iss: 'https://b.example' })), 'ISSUER')
    t.equal(verdict(await signAnyway({ origin: 'a.example/log/2' })), 'ORIGIN')
  })

  t.test('is refused where it is malformed', async (t) => {
    for (const change of [
      { v: 2 },
      { base: 'ftp://a.example' },
      { base: 'https://a b' },
      { versions: [] },
      { keyset: 'x' },
      { limits: { a: -1 } },
    ]) {
      t.equal(verdict(await signAnyway(change)), 'SCHEMA', JSON.stringify(change))
    }
    t.equal(verdict(await signAnyway({ memberOfTheFuture: 1 })), 'accepted')
  })
})
