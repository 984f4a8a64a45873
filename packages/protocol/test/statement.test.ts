import fc from 'fast-check'
import t from 'tap'
import {
  canonicalize,
  digestOfCompact,
  encodeBase64url,
  limits,
  parseStatementUnsafe,
  readStatementUnsafe,
  recordIdOf,
  type Statement,
  signCompact,
  signStatement,
  verifyCompact,
} from '../src/index.ts'
import { signCanonical } from '../src/jws.ts'
import { bytesOf, createInstitute, finding } from './support/institute.ts'
import { verdictOf, verdictOfAsync } from './support/refusal.ts'

const institute = await createInstitute()
const signer = institute.signers.record

const statement: Statement = {
  v: 1,
  iss: institute.iss,
  log: institute.origin,
  type: 'observation',
  finding,
  version: 1,
  iat: 1_700_000_000,
  nonce: bytesOf('nonce', 16),
  mark: { tlp: 'GREEN', relay: 'none' },
  rel: [{ kind: 'cites', target: { iss: 'https://b.example', record: bytesOf('cited', 32) } }],
  lang: 'en',
  body: { digest: bytesOf('body', 32), size: 100, type: 'application/vnd.concordance.observation+json' },
}

/** Each breaks one rule of the statement; the code is the one it is refused with. */
const broken: [string, Record<string, unknown>, string][] = [
  ['another version of the format', { v: 2 }, 'SCHEMA'],
  ['no issuer', { iss: undefined }, 'SCHEMA'],
  ['an issuer by http', { iss: 'http://a.example' }, 'SCHEMA'],
  ["another institute's log", { log: 'b.example/log/1' }, 'ORIGIN'],
  ['a type in capitals', { type: 'Observation' }, 'SCHEMA'],
  ['a finding of UUID version 4', { finding: '9f1c9a52-0b0e-4f5e-9a38-2f6a2f0c1d77' }, 'SCHEMA'],
  ['a finding in capitals', { finding: finding.toUpperCase() }, 'SCHEMA'],
  ['version 0', { version: 0 }, 'SCHEMA'],
  ['version 1.5', { version: 1.5 }, 'SCHEMA'],
  ['version as text', { version: '1' }, 'SCHEMA'],
  ['prev at version 1', { prev: bytesOf('prev', 32) }, 'SCHEMA'],
  ['no prev at version 2', { version: 2 }, 'SCHEMA'],
  ['a prev with unused bits set', { version: 2, prev: `${bytesOf('prev', 32).slice(0, -1)}B` }, 'SCHEMA'],
  ['a time before the epoch', { iat: -1 }, 'SCHEMA'],
  ['a time in fractions', { iat: 1.5 }, 'SCHEMA'],
  ['a nonce of 32 bytes', { nonce: bytesOf('nonce', 32) }, 'SCHEMA'],
  ['no marking', { mark: undefined }, 'MARKING'],
  ['an unknown marking', { mark: { tlp: 'WHITE', relay: 'any' } }, 'MARKING'],
  ['nine relations', { rel: Array(9).fill(statement.rel[0]) }, 'SCHEMA'],
  [
    'a withdrawing relation in a record of another type',
    { rel: [{ ...statement.rel[0], kind: 'withdraws' }] },
    'SCHEMA',
  ],
  ['an unknown kind of relation', { rel: [{ ...statement.rel[0], kind: 'likes' }] }, 'SCHEMA'],
  [
    'a relation to two things',
    { rel: [{ kind: 'cites', target: { iss: 'https://b.example', record: bytesOf('x', 32), finding } }] },
    'SCHEMA',
  ],
  ['a language that is none', { lang: 'English!' }, 'SCHEMA'],
  ['a body of no media type of ours', { body: { ...statement.body, type: 'text/html' } }, 'SCHEMA'],
  ['a body above the limit', { body: { ...statement.body, size: limits.bodyBytes + 1 } }, 'SCHEMA'],
]

/** Signs a payload that no honest signer would. */
async function signAnyway(change: Record<string, unknown>): Promise<string> {
  const payload = Object.fromEntries(
    Object.entries({ ...statement, ...change }).filter(([, value]) => value !== undefined),
  )
  return signCompact('concordance-record+jwt', payload as never, signer)
}

t.test('a statement', async (t) => {
  t.test('is signed, taken apart and verified', async (t) => {
    const signed = await signStatement(statement, signer)
    const parsed = parseStatementUnsafe(signed.compact)
    t.same(parsed.statement, statement)
    t.equal(parsed.recordId, signed.recordId)
    t.equal(parsed.kid, signer.kid)
    const key = institute.keyset.findKey(parsed.kid, 'record', 0)
    t.ok(key && verifyCompact(parsed.jws, key) === undefined)
  })

  t.test('reads at a first look as it does in the end, whatever its spelling', async (t) => {
    const { compact, recordId } = await signStatement(statement, signer)
    t.same(readStatementUnsafe(compact), { recordId, statement })
    const spaced = await signCanonical('concordance-record+jwt', JSON.stringify(statement, null, 1), signer)
    t.same(readStatementUnsafe(spaced).statement, statement)
    t.equal(
      verdictOf(() => parseStatementUnsafe(spaced)),
      'JSON_NOT_CANONICAL',
      'which is not the end of it',
    )
  })

  t.test('is nothing at a first look that has neither segments nor JSON', (t) => {
    const verdict = (compact: string) => verdictOf(() => readStatementUnsafe(compact))
    t.equal(verdict('a.b'), 'JWS_MALFORMED')
    t.equal(verdict('a.b.c'), 'JSON_MALFORMED')
    t.equal(verdict(`a.${encodeBase64url(Buffer.from('7'))}.c`), 'SCHEMA')
    t.equal(verdict(`a.${'A'.repeat(limits.compactBytes)}.c`), 'TOO_LARGE')
    t.end()
  })

  t.test('has a record id that is the digest of its text', async (t) => {
    const { compact, recordId } = await signStatement(statement, signer)
    t.equal(recordId, encodeBase64url(digestOfCompact(compact)))
    t.equal(recordIdOf(compact), recordId)
    t.equal(
      verdictOf(() => recordIdOf(`${compact}=`)),
      'JWS_MALFORMED',
      'and no second id under another spelling',
    )
  })

  t.test('keeps members that this version does not know', async (t) => {
    const compact = await signAnyway({ urgency: { level: 3 } })
    t.match(parseStatementUnsafe(compact).statement, { urgency: { level: 3 } })
  })

  for (const [what, change, code] of broken) {
    t.test(`with ${what} is neither signed nor read`, async (t) => {
      const refused = { ...statement, ...change } as Statement
      t.equal(await verdictOfAsync(() => signStatement(refused, signer)), code)
      const compact = await signAnyway(change)
      for (const read of [parseStatementUnsafe, readStatementUnsafe]) {
        t.equal(
          verdictOf(() => read(compact)),
          code,
          read.name,
        )
      }
    })
  }

  t.test('with an entity id outside its normal form is not signed', async (t) => {
    const refused = { ...statement, iss: 'https://a.example:443', log: 'a.example:443/log/1' }
    t.equal(await verdictOfAsync(() => signStatement(refused, signer)), 'ISSUER')
  })

  t.test('has a payload of at most 2,900 bytes', async (t) => {
    const padded = (length: number) => ({ ...statement, more: 'x'.repeat(length) })
    const spare = limits.statementBytes - Buffer.byteLength(canonicalize(padded(0)))
    const fitting = await signStatement(padded(spare), signer)
    t.equal(
      verdictOf(() => parseStatementUnsafe(fitting.compact)),
      'accepted',
    )
    t.equal(await verdictOfAsync(() => signStatement(padded(spare + 1), signer)), 'TOO_LARGE')
    const compact = await signAnyway(padded(spare + 1))
    t.equal(
      verdictOf(() => parseStatementUnsafe(compact)),
      'TOO_LARGE',
    )
  })

  t.test('does not survive any single flipped bit', async () => {
    const { compact } = await signStatement(statement, signer)
    const bytes = Buffer.from(compact, 'latin1')
    const key = institute.keyset.findKey(signer.kid, 'record', 0)
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const verdict = verdictOf(() => key && verifyCompact(parseStatementUnsafe(copy.toString('latin1')).jws, key))
        return verdict !== 'accepted'
      }),
      { seed: 2900, numRuns: 500 },
    )
  })
})
