import { readdirSync } from 'node:fs'
import { importVerifyKey, parsePublicJwk, thumbprint, verifyCompact } from '@concordance/protocol'
import t from 'tap'
import { openCompact } from '../../packages/protocol/src/compact.ts'
import { type ForeignKey, twinOf, verdictOf, verdictOfGate, verdictOfParts } from './foreign-jws.ts'
import { load } from './load.ts'
import { refusedCookbook, refusedWycheproof, rules } from './profile.ts'

interface WycheproofFile {
  readonly numberOfTests: number
  readonly testGroups: readonly {
    readonly private: ForeignKey
    readonly public?: ForeignKey
    readonly tests: readonly WycheproofCase[]
  }[]
}

interface WycheproofCase {
  readonly tcId: number
  readonly comment: string
  readonly result: 'valid' | 'invalid'
  readonly jws?: string
  /** Compact, or an object in JSON serialization. */
  readonly jwe?: string | object
}

/** File, cases in it, and how many of its valid ones the profile accepts. */
const files = [
  ['json_web_signature_test.json', 401, 1],
  ['json_web_key_test.json', 26, 0],
  ['json_web_crypto_test.json', 83, 0],
] as const

for (const [file, total, acceptedTotal] of files) {
  t.test(
    `wycheproof/${file}: every case has its published verdict, or is refused by a rule of the profile`,
    async (t) => {
      const { numberOfTests, testGroups } = load<WycheproofFile>(`wycheproof/${file}`)
      const refusals = Object.entries(refusedWycheproof[file] ?? {})
      const ruleOf = new Map(
        refusals.flatMap(([rule, ids]) => ids.map((id) => [id, rule as keyof typeof rules] as const)),
      )
      const cases = testGroups.flatMap((group) =>
        group.tests.map((test) => ({ ...test, key: group.public ?? group.private })),
      )
      const accepted = []
      for (const { tcId, comment, result, jws, jwe, key } of cases) {
        const token = textOf(jws ?? jwe ?? '')
        const rule = ruleOf.get(tcId)
        const verdict = verdictOfParts(token, key)
        const title = `${tcId} ${comment}${rule === undefined ? '' : `: ${rules[rule]}`}`
        t.equal(verdict === 'accepted', result === 'valid' && rule === undefined, title)
        t.not(verdictOfGate(token), 'accepted', `${tcId} is no message of ours`)
        if (verdict === 'accepted') accepted.push(tcId)
        if (rule !== undefined) t.equal(result, 'valid', `${tcId} is listed with reason`)
      }
      t.equal(cases.length, total)
      t.equal(numberOfTests, total)
      t.equal(accepted.length, acceptedTotal)
      const invalid = cases.filter(({ result }) => result === 'invalid').length
      t.equal(invalid + accepted.length + ruleOf.size, total)
      t.comment(
        `${total}: ${accepted.length} accepted and ${invalid} refused as published, ${ruleOf.size} refused by the profile`,
      )
    },
  )
}

interface CookbookFile {
  readonly input: { readonly key: ForeignKey | readonly ForeignKey[] }
  readonly output: { readonly compact?: string; readonly json?: object; readonly json_flat?: object }
}

t.test('jose-cookbook: every signature is refused by the rule of the profile that names it', async (t) => {
  for (const [file, rule] of Object.entries(refusedCookbook)) {
    const { input, output } = load<CookbookFile>(`jose-cookbook/${file}`)
    const [key = {}] = [input.key].flat()
    t.ok(Object.keys(output).length > 0)
    for (const form of Object.values(output)) {
      const token = textOf(form)
      t.not(verdictOfParts(token, key), 'accepted', `${file}: ${rules[rule]}`)
      t.not(verdictOfGate(token), 'accepted', `${file}: ${rules[rule]}`)
    }
  }
  const key = load<ForeignKey>('jose-cookbook/rfc7520-3.1-ec-public-key.json')
  t.equal(
    verdictOf(() => parsePublicJwk({ ...key, kid: undefined })),
    'KEY_MALFORMED',
    rules.curve,
  )
  const listed = [...Object.keys(refusedCookbook), 'rfc7520-3.1-ec-public-key.json']
  const present = readdirSync(new URL('jose-cookbook', import.meta.url)).filter((name) => name.endsWith('.json'))
  t.same(present.sort(), listed.sort())
  t.comment(`${listed.length - 1} signatures and 1 key refused by the profile`)
})

t.test(
  'jose-cookbook: the Ed25519 signature of RFC 8037 verifies under the name the profile gives its algorithm',
  async (t) => {
    const { input, output } = load<CookbookFile>('jose-cookbook/rfc8037-ed25519-jws.json')
    const { d: _, ...jwk } = input.key as ForeignKey
    const key = importVerifyKey(parsePublicJwk({ ...jwk, alg: 'Ed25519' }))
    const [header = '', payload = '', signature = ''] = output.compact?.split('.') ?? []
    const opened = {
      compact: '',
      header: { alg: 'Ed25519', kid: key.kid, typ: 'concordance-record+jwt' },
      payload: {},
      signingInput: Buffer.from(`${header}.${payload}`),
      signature: Buffer.from(signature, 'base64url'),
    } as const
    t.equal(
      verdictOf(() => verifyCompact(opened, key)),
      'accepted',
    )
  },
)

interface PrintedFile {
  readonly rfc7515_a3: { readonly public_jwk: ForeignKey; readonly jws: string }
  readonly rfc8037_a3: { readonly public_jwk: ForeignKey; readonly sha256_thumbprint: string }
}

t.test('the values printed in RFC 7515 A.3 and RFC 8037 A.3', async (t) => {
  const { rfc7515_a3, rfc8037_a3 } = load<PrintedFile>('own/rfc7515-a3-and-rfc8037-a3.json')
  t.not(verdictOfParts(rfc7515_a3.jws, rfc7515_a3.public_jwk), 'accepted', rules.highS)
  const [input, signature = ''] = rfc7515_a3.jws.split(/\.(?=[^.]*$)/)
  const twin = Buffer.from(twinOf(Buffer.from(signature, 'base64url').toString('hex')), 'hex').toString('base64url')
  t.equal(verdictOfParts(`${input}.${twin}`, rfc7515_a3.public_jwk), 'accepted')
  t.equal(verdictOfGate(rfc7515_a3.jws), 'JWS_HEADER', 'its header has no kid and no typ')
  const jwk = parsePublicJwk({ ...rfc8037_a3.public_jwk, alg: 'Ed25519', use: 'sig' })
  t.equal(thumbprint(jwk), rfc8037_a3.sha256_thumbprint)
  t.comment('the thumbprint as published, the signature by its twin')
})

interface StrictFile {
  readonly public_jwk: ForeignKey
  readonly typ: string
  readonly cases: readonly { readonly name: string; readonly jws: string; readonly valid: boolean }[]
}

t.test('own/strict-compact-jws.json: one spelling is accepted, all others are refused', async (t) => {
  const { public_jwk, typ, cases } = load<StrictFile>('own/strict-compact-jws.json')
  const key = importVerifyKey(parsePublicJwk({ ...public_jwk, alg: 'Ed25519', use: 'sig' }))
  for (const { name, jws, valid } of cases) {
    const verdict = verdictOf(() => {
      const opened = openCompact(jws, 4352)
      // The type and the name of the key are those of the file; whoever calls compares them.
      if (opened.typ !== typ || opened.kid !== 'k1') return t.equal(name, 'wrong typ')
      const header = { alg: opened.alg, kid: key.kid, typ: 'concordance-record+jwt' } as const
      verifyCompact({ ...opened, compact: jws, header }, key)
    })
    if (name === 'wrong typ') t.not(openCompact(jws, 4352).typ, typ)
    else t.equal(verdict === 'accepted', valid, `${name}: ${verdict}`)
    t.not(verdictOfGate(jws), 'accepted', name)
  }
  t.equal(cases.length, 24)
  t.comment(`${cases.length} of 24 as published`)
})

function textOf(token: string | object): string {
  return typeof token === 'string' ? token : JSON.stringify(token)
}
