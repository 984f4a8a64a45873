import {
  type CompactJws,
  importVerifyKey,
  type PublicJwk,
  parsePublicJwk,
  type VerifyKey,
  verifyCompact,
  verifyCompactAsync,
} from '@concordance/protocol'
import t, { type Test } from 'tap'
import { twinOf, verdictOf } from './foreign-jws.ts'
import { load } from './load.ts'
import { refusedWycheproof, rules } from './profile.ts'

interface SignatureCase {
  readonly tcId: number
  readonly comment: string
  readonly msg: string
  readonly sig: string
  readonly result: 'valid' | 'invalid'
}

interface Ed25519File {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly SignatureCase[]
  }[]
}

interface P256File {
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed: string }
    readonly tests: readonly SignatureCase[]
  }[]
}

interface CctvCase {
  readonly number: number
  readonly key: string
  readonly sig: string
  readonly msg: string
  readonly flags: readonly string[] | null
}

t.test('wycheproof/ed25519_test.json: every signature has its published verdict', async (t) => {
  const { testGroups } = load<Ed25519File>('wycheproof/ed25519_test.json')
  const cases = testGroups.flatMap(({ publicKey, tests }) =>
    tests.map((test) => ({ ...test, jwk: ed25519(publicKey.pk) })),
  )
  await checkAll(t, cases, 151)
})

t.test(
  'wycheproof/ecdsa_secp256r1_sha256_p1363_test.json: every signature has its published verdict, or its twin has',
  async (t) => {
    const file = 'ecdsa_secp256r1_sha256_p1363_test.json'
    const { testGroups } = load<P256File>(`wycheproof/${file}`)
    const cases = testGroups.flatMap(({ publicKey, tests }) =>
      tests.map((test) => ({ ...test, jwk: p256(publicKey.uncompressed) })),
    )
    await checkAll(t, cases, 262, refusedWycheproof[file]?.highS)
  },
)

/** Under a safe key the equation is checked without cofactor, and R by its bytes; the runtime also refuses R of low order. */
const flawsOfR = ['low_order_residue', 'low_order_R', 'non_canonical_R']

/** Published without verdicts; the flags say what is wrong with key and signature. */
t.test('cctv/ed25519vectors.json: unsafe keys are refused, and under the others what is not canonical', async (t) => {
  const cases = load<CctvCase[]>('cctv/ed25519vectors.json')
  let refusedKeys = 0
  let accepted = 0
  for (const { number, key, sig, msg, flags } of cases) {
    const has = (flag: string) => flags?.includes(flag) ?? false
    const isUnsafe = has('low_order_A') || has('non_canonical_A')
    const keyVerdict = verdictOf(() => parsePublicJwk(ed25519(key)))
    t.equal(keyVerdict, isUnsafe ? 'KEY_REFUSED' : 'accepted', `${number}: key of ${flags?.join()}`)
    if (isUnsafe) refusedKeys++
    else {
      const verdict = verdictOfSignature(ed25519(key), Buffer.from(msg), sig)
      t.equal(verdict === 'accepted', !flawsOfR.some(has), `${number}: ${flags?.join()}`)
      if (verdict === 'accepted') accepted++
    }
  }
  t.same([cases.length, refusedKeys, accepted], [914, 526, 43])
  t.comment(
    `914: ${refusedKeys} keys refused, ${914 - refusedKeys - accepted} signatures refused, ${accepted} accepted`,
  )
})

interface KeyedCase extends SignatureCase {
  readonly jwk: PublicJwk
}

/** @param refused Valid ones, by `tcId`, whose twin is accepted in their place. */
async function checkAll(
  t: Test,
  cases: readonly KeyedCase[],
  total: number,
  refused: readonly number[] = [],
): Promise<void> {
  const verdictsOf = async (jwk: PublicJwk, message: Uint8Array, sig: string) => [
    verdictOfSignature(jwk, message, sig) === 'accepted' ? 'valid' : 'invalid',
    await verifyCompactAsync(openedOf(jwk, message, sig), keyOf(jwk)).then(
      () => 'valid',
      () => 'invalid',
    ),
  ]
  for (const { tcId, comment, msg, sig, result, jwk } of cases) {
    const message = Buffer.from(msg, 'hex')
    const isRefused = refused.includes(tcId)
    const must = isRefused ? 'invalid' : result
    t.same(await verdictsOf(jwk, message, sig), [must, must], `${tcId} ${comment}, at once and in the thread pool`)
    if (!isRefused) continue
    t.equal(result, 'valid', `${tcId} is listed with reason`)
    t.same(await verdictsOf(jwk, message, twinOf(sig)), ['valid', 'valid'], `the twin of ${tcId}`)
  }
  t.equal(cases.length, total)
  t.comment(
    `${total - refused.length} of ${total} as published, ${refused.length} refused by the profile: ${rules.highS}`,
  )
}

function verdictOfSignature(jwk: PublicJwk, message: Uint8Array, sig: string): string {
  return verdictOf(() => verifyCompact(openedOf(jwk, message, sig), keyOf(jwk)))
}

function keyOf(jwk: PublicJwk): VerifyKey {
  return importVerifyKey(parsePublicJwk(jwk))
}

/** A message as the gate holds it once it is taken apart. */
function openedOf(jwk: PublicJwk, signingInput: Uint8Array, sig: string): CompactJws {
  const header = { alg: jwk.alg, kid: keyOf(jwk).kid, typ: 'concordance-record+jwt' } as const
  return { compact: '', header, payload: {}, signingInput, signature: Buffer.from(sig, 'hex') }
}

function ed25519(hex: string): PublicJwk {
  const x = Buffer.from(hex, 'hex').toString('base64url')
  return { kty: 'OKP', crv: 'Ed25519', x, alg: 'Ed25519', use: 'sig' }
}

function p256(uncompressed: string): PublicJwk {
  const bytes = Buffer.from(uncompressed, 'hex')
  const [x, y] = [bytes.subarray(1, 33).toString('base64url'), bytes.subarray(33).toString('base64url')]
  return { kty: 'EC', crv: 'P-256', x, y, alg: 'ES256', use: 'sig' }
}
