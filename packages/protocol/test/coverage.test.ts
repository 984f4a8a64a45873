import { hash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  type Coverage,
  openedDigestOf,
  parseCoverageUnsafe,
  positionsDigest,
  publicJwkOf,
  signCompact,
  signCoverage,
  signKeyset,
  verifyCoverage,
  verifyKeyset,
} from '../src/index.ts'
import { createInstitute } from './support/institute.ts'
import { verdictOf, verdictOfAsync } from './support/refusal.ts'
import { testKey } from './support/test-key.ts'

const institute = await createInstitute()
const { iss, origin, pin, keyset, signers } = institute
const coverage: Coverage = {
  v: 1,
  iss,
  origin,
  peer: 'https://b.example',
  from: 0,
  to: 3,
  openedDigest: openedDigestOf('c2FsdC1zYWx0LXNhbHQtLQ', [
    { position: 0, state: 'open' },
    { position: 2, state: 'statement' },
  ]),
  commonDigest: positionsDigest([{ position: 0 }]),
  accessAt: 0,
  size: 3,
  iat: 1_700_000_000,
}
const honest = await signCoverage(coverage, signers.log)
const verdict = (compact: string) => verdictOf(() => verifyCoverage(compact, keyset))
const signAnyway = (change: object, signer = signers.log) =>
  signCompact('concordance-coverage+jwt', JSON.parse(JSON.stringify({ ...coverage, ...change })), signer)

t.test('the digest of positions is over a line each', async (t) => {
  t.equal(coverage.openedDigest, hash('sha256', 'c2FsdC1zYWx0LXNhbHQtLQ\n0 open\n2 statement\n', 'base64url'))
  t.equal(coverage.commonDigest, hash('sha256', '0\n', 'base64url'))
  t.equal(positionsDigest([]), hash('sha256', '', 'base64url'))
})

t.test('a coverage statement', async (t) => {
  t.test('is verified by the log key of its issuer', async (t) => {
    t.same(verifyCoverage(honest, keyset), coverage)
    t.same(parseCoverageUnsafe(honest).coverage, coverage)
  })

  t.test('of an empty page begins where it ends', async (t) => {
    t.equal(verdict(await signCoverage({ ...coverage, from: 3, to: 3 }, signers.log)), 'accepted')
  })

  t.test('by a key of another purpose or another institute is refused', async (t) => {
    const other = await createInstitute('b.example')
    t.equal(verdict(await signAnyway({}, signers.record)), 'KEY_PURPOSE')
    t.equal(verdict(await signAnyway({}, other.signers.log)), 'KEY_UNKNOWN')
    t.equal(verdict(await signAnyway({}, { ...other.signers.log, kid: signers.log.kid })), 'SIGNATURE_INVALID')
  })

  t.test('is judged by the keys that are good at its size', async (t) => {
    const keys = institute.document.keys.map((key) => (key.purpose === 'log' ? { ...key, revoked: 3 } : key))
    const rotated = [...keys, { jwk: publicJwkOf(testKey('next log')), purpose: 'log' as const, from: 4 }]
    const compact = await signKeyset({ ...institute.document, keys: rotated }, signers.root)
    const later = verifyKeyset(compact, { pin, iss })
    const larger = await signAnyway({ size: 4 })
    t.equal(
      verdictOf(() => verifyCoverage(honest, later)),
      'accepted',
    )
    t.equal(
      verdictOf(() => verifyCoverage(larger, later)),
      'KEY_REVOKED',
    )
  })

  t.test('of another institute or log is refused', async (t) => {
    t.equal(verdict(await signAnyway({ iss: 'https://b.example' })), 'ISSUER')
    t.equal(verdict(await signAnyway({ origin: 'a.example/log/2' })), 'ORIGIN')
  })

  t.test('that contradicts itself is neither signed nor read', async (t) => {
    for (const change of [{ from: 2, to: 1 }, { to: 4 }, { from: 4, to: 4 }]) {
      t.equal(verdict(await signAnyway(change)), 'COVERAGE', JSON.stringify(change))
      t.equal(await verdictOfAsync(() => signCoverage({ ...coverage, ...change }, signers.log)), 'COVERAGE')
    }
    for (const member of Object.keys(coverage)) {
      const without = await signAnyway({ [member]: undefined })
      t.equal(
        verdictOf(() => parseCoverageUnsafe(without)),
        'SCHEMA',
        `without ${member}`,
      )
    }
  })

  t.test('does not survive any single flipped bit', async () => {
    const bytes = Buffer.from(honest, 'latin1')
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        return verdict(copy.toString('latin1')) !== 'accepted'
      }),
      { seed: 25, numRuns: 400 },
    )
  })
})

t.test('a coverage statement that names narrowed entries', async (t) => {
  const grown: Coverage = { ...coverage, size: 9 }
  const narrowed = [
    { position: 0, by: 7 },
    { position: 1, by: 1 },
    { position: 2, by: 8 },
  ]

  t.test('is signed and read with them', async (t) => {
    t.same(verifyCoverage(await signCoverage({ ...grown, narrowed }, signers.log), keyset).narrowed, narrowed)
  })

  t.test('names ascending entries of the page, each narrowed later in the log, or by itself', async (t) => {
    const wrong = [
      [...narrowed].reverse(),
      [narrowed[0], narrowed[0]],
      [{ position: 3, by: 7 }],
      [{ position: 1, by: 0 }],
      [{ position: 1, by: 9 }],
    ] as Coverage['narrowed'][]
    for (const pairs of wrong) {
      t.equal(await verdictOfAsync(() => signCoverage({ ...grown, narrowed: pairs ?? [] }, signers.log)), 'COVERAGE')
    }
    t.equal(await verdictOfAsync(() => signCoverage({ ...grown, narrowed: [] }, signers.log)), 'SCHEMA')
  })
})
