import t from 'tap'
import { createLocalSigner, type KeysetDocument, publicJwkOf, signKeyset } from '../src/index.ts'
import { at, entryOf, gate, institute, payloadOf, stranger, verdict } from './support/gated-log.ts'
import { bytesOf, entryAt, keysetEntryAt } from './support/institute.ts'
import { testKey } from './support/test-key.ts'

t.test('position 0', async (t) => {
  t.test('is a keyset record verified by the pin', async (t) => {
    t.equal(await verdict([at(0)], { ...institute.context(), pin: stranger.pin }), 'KEYSET')
    t.equal(await verdict([{ ...at(1), position: 0 }]), 'KEYSET')
    t.equal(await verdict([{ position: 0, leaf: at(0).leaf, state: 'hash' }]), 'KEYSET')
    const { body: _, ...withoutBody } = at(0)
    t.equal(await verdict([{ ...withoutBody, state: 'statement' }]), 'KEYSET')
    t.equal(await verdict([at(0)]), 'accepted')
  })

  t.test('is signed by a record key of its own document', async (t) => {
    t.equal(await verdict([await entryOf(0, payloadOf(at(0)), stranger.signers.record, at(0).body)]), 'KEY_UNKNOWN')
  })
})

t.test('a change of keys', async (t) => {
  const { document, keyset, signers } = institute
  const nextKey = testKey('next record key')
  const next = createLocalSigner(nextKey)
  /** Position 2 retires the record key and brings the next one. */
  const changed: KeysetDocument = {
    ...document,
    seq: 2,
    prev: keyset.digest,
    keys: [
      ...document.keys.map((key) => (key.purpose === 'record' ? { ...key, revoked: 2 } : key)),
      { jwk: publicJwkOf(nextKey), purpose: 'record', from: 3 },
    ],
  }
  const changing = await keysetEntryAt(institute, 2, await signKeyset(changed, signers.root))
  const before = [at(0), at(1), changing]

  t.test('counts from the entry behind it, in the same page', async (t) => {
    t.equal(await verdict([...before, await entryAt(institute, 3, { signer: next })]), 'accepted')
    t.equal(await verdict([...before, await entryAt(institute, 3)]), 'KEY_REVOKED')
    t.equal(await verdict([at(0), at(1), await entryAt(institute, 2, { signer: next })]), 'KEY_UNKNOWN')
  })

  t.test('counts in the next page too', async (t) => {
    const context = institute.context()
    t.equal((await gate(before, context)).at(-1)?.keyset?.document.seq, 2)
    t.equal(await verdict([await entryAt(institute, 3)], { ...context }, 3), 'KEY_REVOKED')
    t.equal(await verdict([await entryAt(institute, 3, { signer: next })], context, 3), 'accepted')
  })

  t.test('is itself signed by a key in force before it', async (t) => {
    const bySuccessor = await keysetEntryAt(institute, 2, await signKeyset(changed, signers.root))
    const resigned = await entryOf(2, payloadOf(bySuccessor), next, bySuccessor.body)
    t.equal(await verdict([at(0), at(1), resigned]), 'KEY_UNKNOWN')
  })

  t.test('in other bytes than its statement commits to is a fault of the page, not of the keys', async (t) => {
    const later = await signKeyset({ ...changed, iat: changed.iat + 1 }, signers.root)
    const { body = '' } = await keysetEntryAt(institute, 2, later)
    t.equal(await verdict([at(0), at(1), { ...changing, body }]), 'DIGEST_MISMATCH')
  })

  t.test('counts from and to the positions it names, wherever it stands itself', async (t) => {
    const keys = changed.keys.map((key) => {
      if (key.revoked !== undefined) return { ...key, revoked: 3 }
      return key.from === 3 ? { ...key, from: 4 } : key
    })
    const document = await signKeyset({ ...changed, keys }, signers.root)
    const page = [at(0), at(1), await keysetEntryAt(institute, 2, document)]
    const [byOld, byNext] = [await entryAt(institute, 3), await entryAt(institute, 3, { signer: next })]
    t.equal(await verdict([...page, byOld]), 'accepted')
    t.equal(await verdict([...page, byNext]), 'KEY_REVOKED')
    t.equal(await verdict([...page, byOld, await entryAt(institute, 4, { signer: next })]), 'accepted')
    t.equal(await verdict([...page, byOld, await entryAt(institute, 4)]), 'KEY_REVOKED')
  })

  t.test('that the root did not sign holds the peer: a record key alone changes no keys', async (t) => {
    const otherRoot = testKey('root of a thief')
    const asRoot = { ...changed, roots: [publicJwkOf(otherRoot)] }
    const forged = await keysetEntryAt(institute, 2, await signKeyset(asRoot, createLocalSigner(otherRoot)))
    t.equal(await verdict([at(0), at(1), forged]), 'KEYSET')
  })

  t.test('that does not follow the chain holds the peer', async (t) => {
    for (const change of [{ seq: 3 }, { prev: bytesOf('other', 32) }, { origin: 'a.example/log/2' }]) {
      const document = await signKeyset({ ...changed, ...change }, signers.root)
      t.equal(
        await verdict([at(0), at(1), await keysetEntryAt(institute, 2, document)]),
        'KEYSET',
        JSON.stringify(change),
      )
    }
  })

  t.test('that cannot be read holds the peer: closed, or against its schema', async (t) => {
    const { body, ...closed } = changing
    t.equal(await verdict([at(0), at(1), { ...closed, state: 'statement' }]), 'KEYSET')
    const amber = { mark: { tlp: 'GREEN', relay: 'any' } } as const
    const marked = await entryAt(institute, 2, { type: 'keyset', content: { document: keyset.compact }, change: amber })
    t.equal(await verdict([at(0), at(1), marked]), 'KEYSET')
    t.equal(
      await verdict([at(0), at(1), await entryOf(2, { ...payloadOf(changing), v: 2 }, signers.record, body)]),
      'KEYSET',
    )
  })
})
