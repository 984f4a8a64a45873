import { signKeyset } from '@concordance/protocol'
import t from 'tap'
import { createInstitute } from '../../protocol/test/support/institute.ts'
import { verifyKeysetChain } from '../src/index.ts'

t.test('a chain of keyset documents', async (t) => {
  const { iss, pin, document, keyset, signers } = await createInstitute()
  const first = keyset.compact
  const second = await signKeyset({ ...document, seq: 2, prev: keyset.digest }, signers.root)

  await t.test('gives the newest document, from the pinned root on', async (t) => {
    t.equal(verifyKeysetChain([first], { iss, pin }).document.seq, 1)
    t.equal(verifyKeysetChain([first, second], { iss, pin }).document.seq, 2)
  })

  await t.test('is refused with a gap, out of order, or empty', async (t) => {
    const fourth = await signKeyset({ ...document, seq: 4, prev: keyset.digest }, signers.root)
    for (const documents of [[], [first, fourth], [second, first]]) {
      t.throws(() => verifyKeysetChain(documents, { iss, pin }), { code: 'KEYSET' })
    }
  })

  await t.test('is refused under another pin or for another institute', async (t) => {
    const other = await createInstitute('b.example')
    t.throws(() => verifyKeysetChain([first], { iss, pin: other.pin }), { code: 'PIN_MISMATCH' })
    t.throws(() => verifyKeysetChain([first], { iss: other.iss, pin }), { code: 'ISSUER' })
  })
})
