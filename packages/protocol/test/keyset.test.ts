import fc from 'fast-check'
import t from 'tap'
import {
  createLocalSigner,
  getKey,
  type Keyset,
  type KeysetDocument,
  publicJwkOf,
  signCompact,
  signKeyset,
  thumbprint,
  verifyKeyset,
} from '../src/index.ts'
import { createInstitute } from './support/institute.ts'
import { verdictOf, verdictOfAsync } from './support/refusal.ts'
import { testKey } from './support/test-key.ts'

const institute = await createInstitute()
const { iss, pin, keyset, document } = institute
const { root } = institute.signers
const nextRoot = testKey('next root')

/** Signs a document that no honest root would. */
const signAnyway = (change: object, signer = root) =>
  signCompact('concordance-keyset+jwt', JSON.parse(JSON.stringify({ ...document, ...change })), signer)

const successor = (change: Partial<KeysetDocument> = {}): KeysetDocument => ({
  ...document,
  seq: 2,
  prev: keyset.digest,
  ...change,
})

const verdict = (compact: string, previous?: Keyset) =>
  verdictOf(() => verifyKeyset(compact, previous === undefined ? { pin, iss } : { pin, iss, previous }))

t.test('the first keyset document', async (t) => {
  t.test('is verified by the pinned root', async (t) => {
    t.equal(verdict(keyset.compact), 'accepted')
    t.equal(
      verdictOf(() => verifyKeyset(keyset.compact, { pin: thumbprint(nextRoot), iss })),
      'PIN_MISMATCH',
    )
  })

  t.test('does not bring its own trust: another root that lists itself is refused', async (t) => {
    const roots = [publicJwkOf(nextRoot)]
    t.equal(verdict(await signAnyway({ roots }, createLocalSigner(nextRoot))), 'PIN_MISMATCH')
    const both = [publicJwkOf(nextRoot), ...document.roots]
    t.equal(verdict(await signAnyway({ roots: both }, createLocalSigner(nextRoot))), 'PIN_MISMATCH')
  })

  t.test('is signed by the first of its roots', async (t) => {
    const roots = [publicJwkOf(nextRoot), ...document.roots]
    t.equal(verdict(await signAnyway({ roots })), 'KEYSET')
    t.equal(await verdictOfAsync(() => signKeyset({ ...document, roots }, root)), 'KEYSET')
    t.equal(verdict(await signAnyway({ roots: [...document.roots, publicJwkOf(nextRoot)] })), 'accepted')
  })

  t.test('with a forged signature is refused', async (t) => {
    const forger = { ...createLocalSigner(nextRoot), kid: root.kid }
    t.equal(verdict(await signAnyway({}, forger)), 'SIGNATURE_INVALID')
  })

  t.test('of another institute or log is refused', async (t) => {
    t.equal(
      verdictOf(() => verifyKeyset(keyset.compact, { pin, iss: 'https://b.example' })),
      'ISSUER',
    )
    t.equal(verdict(await signAnyway({ origin: 'b.example/log/1' })), 'ORIGIN')
  })

  t.test('does not survive any single flipped bit', async () => {
    const bytes = Buffer.from(keyset.compact, 'latin1')
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        return verdict(copy.toString('latin1')) !== 'accepted'
      }),
      { seed: 11, numRuns: 400 },
    )
  })
})

t.test('a keyset document', async (t) => {
  const [recordKey, logKey] = document.keys
  if (recordKey === undefined || logKey === undefined) throw new Error('the institute has keys')

  t.test('holds no key twice and no key with two purposes', async (t) => {
    t.equal(verdict(await signAnyway({ keys: [recordKey, recordKey] })), 'KEYSET')
    t.equal(verdict(await signAnyway({ keys: [recordKey, { ...recordKey, purpose: 'log' }] })), 'KEYSET')
    t.equal(verdict(await signAnyway({ keys: [{ ...recordKey, jwk: document.roots[0] }] })), 'KEYSET')
    t.equal(verdict(await signAnyway({ roots: [...document.roots, ...document.roots] })), 'KEYSET')
    t.equal(verdict(await signAnyway({ keys: [recordKey, logKey] })), 'accepted')
  })

  t.test('holds only safe public keys', async (t) => {
    const identity = { ...recordKey.jwk, x: `AQ${'A'.repeat(41)}` }
    t.equal(verdict(await signAnyway({ keys: [{ ...recordKey, jwk: identity }] })), 'KEY_REFUSED')
    t.equal(verdict(await signAnyway({ keys: [{ ...recordKey, jwk: testKey('private') }] })), 'KEY_MALFORMED')
    t.equal(verdict(await signAnyway({ keys: [{ ...recordKey, jwk: null }] })), 'KEY_MALFORMED')
  })

  t.test('is refused where it is malformed', async (t) => {
    const changes: Record<string, unknown>[] = [
      { v: 2 },
      { seq: 0 },
      { seq: 1.5 },
      { prev: keyset.digest },
      { seq: 2 },
      { roots: [] },
      { keys: null },
      { keys: [{ ...recordKey, purpose: 'root' }] },
      { keys: [{ ...recordKey, from: -1 }] },
      { keys: [{ ...recordKey, from: 5, revoked: 3 }] },
      { keys: Array.from({ length: 33 }, (_, n) => ({ ...recordKey, jwk: publicJwkOf(testKey(`many ${n}`)) })) },
    ]
    for (const change of changes) t.equal(verdict(await signAnyway(change)), 'KEYSET', Object.keys(change).join())
    t.equal(verdict(await signAnyway({ keys: [{ ...recordKey, from: 5, revoked: 4 }] })), 'accepted', 'never good')
    t.equal(verdict(await signAnyway({ memberOfTheFuture: 1 })), 'accepted')
  })
})

t.test('the chain of keyset documents', async (t) => {
  const second = verifyKeyset(await signKeyset(successor(), root), { pin, iss, previous: keyset })

  t.test('goes on by one, each naming the digest of the one before', async (t) => {
    t.equal(second.document.seq, 2)
    t.equal(verdict(await signAnyway(successor({ seq: 3 })), keyset), 'KEYSET')
    t.equal(verdict(await signAnyway(successor({ prev: second.digest })), keyset), 'KEYSET')
    t.equal(
      verdict(await signKeyset(successor({ iat: document.iat + 1 }), root), second),
      'KEYSET',
      'a second number 2',
    )
    t.equal(verdict(keyset.compact, second), 'KEYSET', 'back to number 1')
  })

  t.test('accepts the same document again', async (t) => {
    t.equal(verdict(second.compact, second), 'accepted')
    t.equal(
      verdictOf(() => verifyKeyset(second.compact, { pin, iss: 'https://b.example', previous: second })),
      'ISSUER',
    )
  })

  t.test('passes to a root only where the document before lists it', async (t) => {
    const byNext = createLocalSigner(nextRoot)
    const roots = [publicJwkOf(nextRoot)]
    t.equal(verdict(await signKeyset(successor({ roots }), byNext), keyset), 'KEYSET')
    const named = successor({ roots: [...document.roots, ...roots] })
    const naming = verifyKeyset(await signKeyset(named, root), { pin, iss, previous: keyset })
    const third = successor({ seq: 3, prev: naming.digest, roots })
    const rotated = verifyKeyset(await signKeyset(third, byNext), { pin, iss, previous: naming })
    t.equal(rotated.document.seq, 3)

    const fourth = successor({ seq: 4, prev: rotated.digest })
    t.equal(verdict(await signKeyset(fourth, root), rotated), 'KEYSET', 'the root rotated out, although it is pinned')
    t.equal(verdict(await signKeyset({ ...fourth, roots }, byNext), rotated), 'accepted')
  })
})

t.test('a key', async (t) => {
  const keys = document.keys.map((key) => (key.purpose === 'record' ? { ...key, from: 10, revoked: 20 } : key))
  const compact = await signKeyset({ ...document, keys }, root)
  const bounded = verifyKeyset(compact, { pin, iss })
  const { kid } = institute.signers.record
  const find = (position?: number) => verdictOf(() => getKey(bounded, kid, 'record', position))

  t.test('is good from its first to its last position, judged by position alone', async (t) => {
    t.same([9, 10, 20, 21].map(find), ['KEY_REVOKED', 'accepted', 'accepted', 'KEY_REVOKED'])
  })

  t.test('that is revoked at all is not good now', async (t) => {
    t.equal(find(), 'KEY_REVOKED')
    t.ok(bounded.findKey(institute.signers.request.kid, 'request'))
  })

  t.test('is found for its purpose only', async (t) => {
    const purposes = (['root', 'record', 'log', 'request'] as const).filter((purpose) =>
      keyset.findKey(kid, purpose, 0),
    )
    t.same(purposes, ['record'])
    t.same(
      (['root', 'log', 'request'] as const).map((purpose) => verdictOf(() => getKey(keyset, kid, purpose, 0))),
      ['KEY_PURPOSE', 'KEY_PURPOSE', 'KEY_PURPOSE'],
    )
    t.equal(
      verdictOf(() => getKey(keyset, thumbprint(nextRoot), 'record', 0)),
      'KEY_UNKNOWN',
    )
  })
})
