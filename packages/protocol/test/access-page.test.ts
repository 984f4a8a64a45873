import t from 'tap'
import { type AccessPage, signAccessPage, signCompact, verifyAccessPage } from '../src/index.ts'
import { createInstitute } from './support/institute.ts'
import { verdictOf, verdictOfAsync } from './support/refusal.ts'

const { iss, origin, keyset, signers } = await createInstitute()
const page: AccessPage = {
  v: 1,
  iss,
  origin,
  peer: 'https://b.example',
  from: 4,
  to: 7,
  items: [{ kind: 'granted', position: 2 }, { kind: 'revoked', position: 2 }, { kind: 'reset' }],
  size: 3,
  iat: 1_700_000_000,
}
const honest = await signAccessPage(page, signers.log)
const verdict = (compact: string) => verdictOf(() => verifyAccessPage(compact, keyset))
const signAnyway = (change: object, signer = signers.log) =>
  signCompact('concordance-access+jwt', JSON.parse(JSON.stringify({ ...page, ...change })), signer)

t.test('a page of the access feed', async (t) => {
  t.test('says, signed by the log key, what changed in the rights of one peer', async (t) => {
    t.same(verifyAccessPage(honest, keyset), page)
    t.same(verifyAccessPage(await signAccessPage({ ...page, items: [], to: 4 }, signers.log), keyset).items, [])
  })

  t.test('holds exactly the items it counts, each about an entry of the log', async (t) => {
    for (const change of [{ to: 6 }, { to: 8 }, { from: 8 }, { size: 2 }]) {
      t.equal(verdict(await signAnyway(change)), 'ACCESS', JSON.stringify(change))
      t.equal(await verdictOfAsync(() => signAccessPage({ ...page, ...change }, signers.log)), 'ACCESS')
    }
    t.equal(verdict(await signAnyway({ items: [{ kind: 'closed', position: 1 }], to: 5 })), 'SCHEMA')
    t.equal(verdict(await signAnyway({ items: [{ kind: 'granted' }], to: 5 })), 'SCHEMA')
  })

  t.test('of another institute, another log or by another key is refused', async (t) => {
    t.equal(verdict(await signAnyway({ iss: 'https://c.example' })), 'ISSUER')
    t.equal(verdict(await signAnyway({ origin: 'a.example/log/9' })), 'ORIGIN')
    t.equal(verdict(await signAnyway({}, signers.record)), 'KEY_PURPOSE')
    t.equal(verdict(honest.replace(/.{4}$/, 'AAAA')), 'SIGNATURE_INVALID')
    t.equal(verdict(await signCompact('concordance-coverage+jwt', page as never, signers.log)), 'JWS_TYPE')
  })
})
