import {
  type Coverage,
  encodeBase64url,
  type KeysetDocument,
  leafHashOf,
  leafInputOf,
  positionsDigest,
  recordIdOf,
  type Statement,
  signCoverage,
  signKeyset,
} from '@concordance/protocol'
import t from 'tap'
import { bytesOf, createInstitute, entryAt, type Institute } from '../../protocol/test/support/institute.ts'
import {
  type Hash,
  inclusionRanges,
  type MisconductBundle,
  rootOfLeaves,
  signCheckpoint,
  verifyMisconduct,
} from '../src/index.ts'
import { leavesOf } from './support/naive-tree.ts'

const institute = await createInstitute()
const { iss, origin, pin } = institute
const base = { v: 1, iss, origin, keysets: [institute.keyset.compact] } as const
const leaves = leavesOf(9)
const forked = leaves.with(2, leavesOf(1, 'forked')[0] as Uint8Array)

t.test('two roots for one size', async (t) => {
  const prove = (a: string, b: string) => verifyMisconduct({ ...base, kind: 'two-roots', checkpoints: [a, b] }, pin)

  await t.test('prove themselves, with a sentence that names the institute', async (t) => {
    const { kind, sentence, ...rest } = prove(await checkpoint(leaves), await checkpoint(forked))
    t.equal(kind, 'two-roots')
    t.equal(rest.iss, iss)
    t.ok(sentence.includes(iss))
  })

  await t.test('prove nothing where both checkpoints say the same, or speak of two sizes', async (t) => {
    const again = await checkpoint(leaves, { iat: 1_700_009_999 })
    t.throws(() => prove(again, again), { code: 'EVIDENCE' })
    const honest = await checkpoint(leaves)
    t.throws(() => prove(honest, again), { code: 'EVIDENCE' })
    const grown = await checkpoint(leavesOf(10))
    t.throws(() => prove(honest, grown), { code: 'EVIDENCE' })
  })
})

t.test('a rollback', async (t) => {
  const prove = (a: string, b: string) => verifyMisconduct({ ...base, kind: 'rollback', checkpoints: [a, b] }, pin)

  await t.test('is a smaller log signed later, in whichever order it is shown', async (t) => {
    const [first, later] = [await checkpoint(leaves, { iat: 100 }), await checkpoint(leaves.slice(0, 8), { iat: 101 })]
    t.equal(prove(first, later).kind, 'rollback')
    t.equal(prove(later, first).kind, 'rollback')
  })

  await t.test('is not a log that grows, stands still, or was signed twice in one second', async (t) => {
    const first = await checkpoint(leaves.slice(0, 8), { iat: 100 })
    for (const later of [
      await checkpoint(leaves, { iat: 101 }),
      await checkpoint(leaves.slice(0, 8), { iat: 101 }),
      await checkpoint(leaves, { iat: 100 }),
    ]) {
      t.throws(() => prove(first, later), { code: 'EVIDENCE' })
      t.throws(() => prove(later, first), { code: 'EVIDENCE' })
    }
  })
})

t.test('a rewritten log', async (t) => {
  const encoded = forked.map(encodeBase64url)
  const prove = (a: string, b: string, shown: readonly string[]) =>
    verifyMisconduct({ ...base, kind: 'not-append-only', checkpoints: [a, b], leaves: shown }, pin)

  await t.test('is proven by its leaves and a checkpoint that they do not continue', async (t) => {
    const [before, after] = [await checkpoint(leaves.slice(0, 5)), await checkpoint(forked)]
    t.equal(prove(before, after, encoded).kind, 'not-append-only')
    t.equal(prove(after, before, encoded).kind, 'not-append-only')
  })

  await t.test('is not one that continues the earlier log', async (t) => {
    const [before, after] = [await checkpoint(forked.slice(0, 5)), await checkpoint(forked)]
    t.throws(() => prove(before, after, encoded), { code: 'EVIDENCE' })
  })

  await t.test('is not proven by leaves that the larger checkpoint does not commit to', async (t) => {
    const [before, after] = [await checkpoint(leaves.slice(0, 5)), await checkpoint(forked)]
    t.throws(() => prove(before, after, leaves.map(encodeBase64url)), { code: 'EVIDENCE' })
    t.throws(() => prove(before, after, encoded.slice(0, 8)), { code: 'EVIDENCE' })
    t.throws(() => prove(before, after, []), { code: 'EVIDENCE' })
    const invented = leavesOf(9, 'invented').map(encodeBase64url)
    t.throws(() => prove(before, after, invented), { code: 'EVIDENCE' })
  })

  await t.test('is not proven by inner nodes shown as leaves', async (t) => {
    const [before, after] = [await checkpoint(leaves.slice(0, 5)), await checkpoint(leaves)]
    const nodes = [rootOfLeaves(leaves.slice(0, 8)), ...leaves.slice(8)].map(encodeBase64url)
    t.throws(() => prove(before, after, nodes), { code: 'EVIDENCE' })
  })

  await t.test('is not proven by leaves that are no hashes', async (t) => {
    // The first leaf alone is the smaller tree: cut short it differs, and a careless hash of the pair would not notice.
    const [before, after] = [await checkpoint(leaves.slice(0, 1)), await checkpoint(leaves.slice(0, 2))]
    const [first = '', second = ''] = leaves.map(encodeBase64url)
    const short = encodeBase64url(leaves[0]?.subarray(0, 30) ?? new Uint8Array())
    t.throws(() => prove(before, after, [first, second]), { code: 'EVIDENCE' })
    t.throws(() => prove(before, after, [short, second]), { code: 'EVIDENCE' })
  })
})

t.test('two records for one version', async (t) => {
  const kind = 'two-records-for-one-version'
  const first = await statementOf(1)
  const second = await statementOf(2)
  const prove = (a: string, b: string, keysets: readonly string[] = base.keysets) =>
    verifyMisconduct({ ...base, kind, keysets, statements: [a, b] }, pin)

  await t.test('prove themselves, also where the key was changed since', async (t) => {
    t.equal(prove(first, second).kind, kind)
    const keys = institute.document.keys.map((key) => ({ ...key, revoked: 7 }))
    t.equal(prove(first, second, [...base.keysets, await keysetAfter({ keys })]).kind, kind)
  })

  await t.test('prove nothing where they are one record, or of two versions or findings', async (t) => {
    const revised = await statementOf(2, { version: 2, prev: bytesOf('version 1', 32) })
    const unrelated = await statementOf(2, { finding: '01890a5d-ac96-774b-bcce-b302099a8058' })
    for (const other of [first, revised, unrelated]) t.throws(() => prove(first, other), { code: 'EVIDENCE' })
  })

  await t.test('prove nothing where one statement was signed twice with ES256', async (t) => {
    const by = await createInstitute('b.example', 'ES256')
    const theirs = { ...base, iss: by.iss, origin: by.origin, keysets: [by.keyset.compact], kind }
    const [honest, again] = [await statementOf(1, {}, by), await statementOf(1, {}, by)]
    t.not(again, honest)
    t.throws(() => verifyMisconduct({ ...theirs, statements: [honest, again] }, by.pin), { code: 'EVIDENCE' })
    const contradicting = [await statementOf(2, {}, by), again]
    t.equal(verifyMisconduct({ ...theirs, statements: contradicting }, by.pin).kind, kind)
  })

  await t.test('prove nothing where another institute or a key for another purpose signed one', async (t) => {
    const stranger = await createInstitute('b.example')
    t.throws(() => prove(first, 'x'), { code: 'JWS_MALFORMED' })
    const theirs = await statementOf(2, {}, stranger)
    t.throws(() => prove(first, theirs), { code: 'EVIDENCE' })
    const forged = await statementOf(
      2,
      {},
      { ...institute, signers: { ...institute.signers, record: stranger.signers.record } },
    )
    t.throws(() => prove(first, forged), { code: 'KEY_UNKNOWN' })
    const misused = await statementOf(
      2,
      {},
      { ...institute, signers: { ...institute.signers, record: institute.signers.log } },
    )
    t.throws(() => prove(first, misused), { code: 'KEY_PURPOSE' })
  })
})

t.test('two keyset documents of one number', async (t) => {
  const kind = 'two-keysets'
  const second = await keysetAfter({ iat: 1_700_000_001 })
  const other = await keysetAfter({ iat: 1_700_000_002 })
  const prove = (a: string, b: string, keysets: readonly string[] = base.keysets) =>
    verifyMisconduct({ ...base, kind, keysets, documents: [a, b] }, pin)

  await t.test('prove themselves, with the chain before or up to one of them', async (t) => {
    t.equal(prove(second, other).kind, kind)
    t.equal(prove(second, other, [...base.keysets, second]).kind, kind)
    const first = await signKeyset({ ...institute.document, iat: 1 }, institute.signers.root)
    t.equal(prove(institute.keyset.compact, first).kind, kind)
  })

  await t.test('prove nothing where they are one, or follow each other', async (t) => {
    t.throws(() => prove(second, second), { code: 'EVIDENCE' })
    t.throws(() => prove(institute.keyset.compact, second), { code: 'EVIDENCE' })
  })

  await t.test('prove nothing where a root that nobody trusts signed one of them', async (t) => {
    const stranger = await createInstitute('b.example')
    const { document, keyset } = institute
    const roots = stranger.document.roots
    const forged = await signKeyset({ ...document, seq: 2, prev: keyset.digest, roots }, stranger.signers.root)
    t.throws(() => prove(second, forged), { code: 'EVIDENCE' })
  })
})

t.test('contradicted coverage', async (t) => {
  const kind = 'contradicted-coverage'
  const prove = (accused: string, witness: readonly { coverage: string; common: readonly number[] }[]) =>
    verifyMisconduct({ ...base, kind, accused, witness }, pin)

  await t.test('is an entry every peer must be given, told to one and kept from another', async (t) => {
    const accused = await coverage(2, 6, [2, 4])
    t.equal(prove(accused, [await told(0, 9, [1, 2, 4, 5, 8])]).kind, kind)
    t.equal(prove(accused, [await told(0, 4, [1, 2]), await told(4, 9, [4, 5])]).kind, kind)
  })

  await t.test('is proven by pages in any order, overlapping and to spare', async (t) => {
    const accused = await coverage(2, 6, [2, 4])
    const witness = [await told(4, 9, [4, 5]), await told(0, 4, [1, 2]), await told(3, 5, [4]), await told(7, 9, [])]
    t.equal(prove(accused, witness).kind, kind)
  })

  await t.test('is not what agrees, page for page or cut otherwise', async (t) => {
    const accused = await coverage(2, 6, [2, 4])
    for (const witness of [
      [await told(2, 6, [2, 4])],
      [await told(0, 9, [1, 2, 4, 8])],
      [await told(0, 3, [1, 2]), await told(3, 9, [4, 8])],
    ]) {
      t.throws(() => prove(accused, witness), { code: 'EVIDENCE' })
    }
  })

  await t.test('is not proven by a witness with a gap, or about no position', async (t) => {
    const accused = await coverage(2, 6, [2, 4])
    const late = [await told(3, 9, [4, 5])]
    t.throws(() => prove(accused, late), { code: 'EVIDENCE' })
    t.throws(() => prove(accused, []), { code: 'EVIDENCE' })
    const gap = [await told(0, 3, [2]), await told(4, 9, [4, 5])]
    t.throws(() => prove(accused, gap), { code: 'EVIDENCE' })
    const empty = await coverage(2, 2, [2])
    t.throws(() => prove(empty, []), { code: 'EVIDENCE' })
  })

  await t.test('is not proven by positions that the witness statement does not commit to', async (t) => {
    const accused = await coverage(2, 6, [2, 4])
    const { coverage: honest } = await told(0, 9, [1, 2, 4])
    for (const common of [
      [1, 2, 4, 5],
      [1, 2],
      [4, 2, 1],
      [1, 2, 2, 4],
      [1, 2, 4, 9],
    ]) {
      t.throws(() => prove(accused, [{ coverage: honest, common }]), { code: 'EVIDENCE' })
    }
    const unordered = [await told(0, 9, [5, 4, 2, 1])]
    t.throws(() => prove(accused, unordered), { code: 'EVIDENCE' })
    const beyond = [await told(0, 3, [1, 2, 5]), await told(3, 9, [4])]
    t.throws(() => prove(accused, beyond), { code: 'EVIDENCE' })
  })

  await t.test('is not proven by a statement that the institute did not sign', async (t) => {
    const stranger = await createInstitute('b.example')
    const accused = await coverage(2, 6, [2, 4], stranger)
    const witness = [await told(0, 9, [1, 2, 4, 5])]
    t.throws(() => prove(accused, witness), { code: 'KEY_UNKNOWN' })
  })
})

t.test('an entry that is named as narrowed to one peer and not to another', async (t) => {
  const named = [{ position: 3, by: 6 }]
  const prove = (naming: string, silent: string) =>
    verifyMisconduct({ ...base, kind: 'contradicted-narrowing', coverage: [naming, silent] }, pin)
  const naming = await coverage(0, 9, [3, 4], institute, { narrowed: named })

  await t.test('is proven by the two statements alone', async (t) => {
    t.equal(prove(naming, await coverage(2, 5, [3, 4])).kind, 'contradicted-narrowing')
    const other = await coverage(2, 5, [3, 4], institute, { narrowed: [{ position: 3, by: 7 }] })
    t.equal(prove(naming, other).kind, 'contradicted-narrowing', 'by another record')
  })

  await t.test('is proven by none that had nothing to name', async (t) => {
    const silent = [
      await coverage(0, 9, [3, 4], institute, { narrowed: named }),
      await coverage(4, 9, [4]),
      await coverage(2, 5, [3, 4], institute, { size: 6 }), // from before position 6
      await coverage(2, 5, [], institute, { ceiling: 'CLEAR' }),
    ]
    for (const other of silent) t.throws(() => prove(naming, other), { code: 'EVIDENCE' })
    const without = await coverage(0, 9, [3, 4])
    t.throws(() => prove(without, naming), { code: 'EVIDENCE' }, 'the first one must name it')
    const limited = await coverage(2, 5, [4], institute, { ceiling: 'CLEAR' })
    const bundle = { ...base, kind: 'contradicted-coverage', accused: limited, witness: [await told(0, 9, [3, 4])] }
    t.throws(() => verifyMisconduct(bundle, pin), { code: 'EVIDENCE' }, 'nor is it told what is for every peer')
  })
})

t.test('an entry that is said to be narrowed', async (t) => {
  const target = { iss, record: bytesOf('target', 32) }
  const statements = {
    marking: await statementOf(1, { type: 'marking', rel: [{ kind: 'remarks', target }] }),
    other: await statementOf(2, {
      type: 'marking',
      rel: [{ kind: 'remarks', target: { iss, record: bytesOf('x', 32) } }],
    }),
    observation: await statementOf(3),
    withdrawal: await statementOf(4, { type: 'withdrawal', rel: [{ kind: 'withdraws', target }] }),
    remarking: await statementOf(5, { type: 'marking', rel: [{ kind: 'remarks', target }] }),
    citing: await statementOf(6, { rel: [{ kind: 'cites', target }] }),
  }
  const prove = async (by: string, changes: { by?: number; at3?: string; statement?: string } = {}) => {
    const record = changes.at3 ? recordIdOf(changes.at3) : target.record
    const own = [...leaves.with(3, leafOf(record)).slice(0, 6), leafOf(recordIdOf(by)), ...leaves.slice(7)]
    const statement = changes.statement ?? changes.at3
    const part = (position: number) => ({ position, hashes: proofOf(own, position) })
    return verifyMisconduct(
      {
        ...base,
        kind: 'false-narrowing',
        coverage: await coverage(0, 9, [3], institute, { narrowed: [{ position: 3, by: 6 }] }),
        checkpoint: await checkpoint(own),
        target: { ...part(3), leaf: encodeBase64url(own[3] as Uint8Array), ...(statement && { statement }) },
        by: { ...part(6), statement: by, ...(changes.by !== undefined && { position: changes.by }) },
      },
      pin,
    )
  }

  await t.test('by a record of another kind proves the lie, whatever the entry is', async (t) => {
    t.equal((await prove(statements.observation)).kind, 'false-narrowing')
    t.equal((await prove(statements.observation, { at3: statements.withdrawal })).kind, 'false-narrowing')
  })

  await t.test('by a marking record for another one proves the lie with the statement of the entry', async (t) => {
    for (const at3 of [statements.citing, statements.withdrawal, statements.remarking]) {
      t.equal((await prove(statements.other, { at3 })).kind, 'false-narrowing')
    }
    t.equal(
      (await prove(statements.marking, { at3: statements.citing })).kind,
      'false-narrowing',
      'to cite is not enough',
    )
    await t.rejects(prove(statements.other), { code: 'EVIDENCE' }, 'it may be about that other one')
    const elsewhere = { at3: statements.withdrawal, statement: statements.citing }
    await t.rejects(
      prove(statements.marking, elsewhere),
      { code: 'EVIDENCE' },
      'nor with the statement of another entry',
    )
  })

  await t.test('by the marking record for what it is about proves nothing', async (t) => {
    for (const at3 of [statements.withdrawal, statements.remarking]) {
      await t.rejects(prove(statements.marking, { at3 }), { code: 'EVIDENCE' })
    }
  })

  await t.test('by a marking record for it proves nothing, nor does another place', async (t) => {
    await t.rejects(prove(statements.marking), { code: 'EVIDENCE' })
    await t.rejects(prove(statements.observation, { by: 5 }), { code: 'EVIDENCE' })
  })
})

t.test('a bundle', async (t) => {
  const honest = {
    ...base,
    kind: 'two-roots',
    checkpoints: [await checkpoint(leaves), await checkpoint(forked)],
  } satisfies MisconductBundle

  await t.test('survives being written as JSON', async (t) => {
    t.equal(verifyMisconduct(JSON.parse(JSON.stringify(honest)), pin).kind, 'two-roots')
  })

  await t.test('proves nothing to somebody who pinned another root', async (t) => {
    const stranger = await createInstitute('b.example')
    t.throws(() => verifyMisconduct(honest, stranger.pin), { code: 'PIN_MISMATCH' })
  })

  await t.test('proves nothing against another institute or another log', async (t) => {
    t.throws(() => verifyMisconduct({ ...honest, iss: 'https://b.example' }, pin), { code: 'ISSUER' })
    t.throws(() => verifyMisconduct({ ...honest, origin: 'a.example/log/2' }, pin), { code: 'EVIDENCE' })
  })

  await t.test('proves nothing with a checkpoint changed by one bit, or signed by somebody else', async (t) => {
    const [first = '', second = ''] = honest.checkpoints
    const changed = second.slice(0, -9) + (second.at(-9) === 'A' ? 'B' : 'A') + second.slice(-8)
    const prove = (other: string) => verifyMisconduct({ ...honest, checkpoints: [first, other] }, pin)
    t.throws(() => prove(changed), { code: 'SIGNATURE_INVALID' })
    const stranger = await createInstitute('b.example')
    const forged = await checkpoint(forked, {}, stranger)
    t.throws(() => prove(forged), { code: 'KEY_UNKNOWN' })
    t.equal(prove(second).kind, 'two-roots')
  })

  await t.test('proves nothing without keysets, or with more than anybody needs', async (t) => {
    t.throws(() => verifyMisconduct({ ...honest, keysets: [] }, pin), { code: 'KEYSET' })
    t.throws(() => verifyMisconduct({ ...honest, keysets: Array(1001).fill('x') }, pin), { code: 'EVIDENCE' })
  })

  await t.test('proves nothing where it lacks a part, or has one of another form', async (t) => {
    const faults = [
      { v: 2 },
      { kind: 'bad-manners' },
      { kind: 'toString' },
      { kind: 1 },
      { iss: 1 },
      { origin: null },
      { keysets: 'x' },
      { checkpoints: undefined },
      { checkpoints: honest.checkpoints.slice(1) },
      { checkpoints: [...honest.checkpoints, 'x'] },
      { checkpoints: [1, 2] },
      { kind: 'not-append-only', leaves: [1] },
      { kind: 'two-records-for-one-version' },
      { kind: 'two-keysets', documents: ['x'] },
      { kind: 'contradicted-coverage', accused: 'x', witness: [{ coverage: 'x', common: [0.5] }] },
      { kind: 'contradicted-coverage', accused: 'x', witness: [null] },
      { kind: 'contradicted-narrowing', coverage: ['x'] },
      { kind: 'false-narrowing', coverage: 'x', checkpoint: 'x', target: null, by: null },
    ]
    for (const fault of faults) t.throws(() => verifyMisconduct({ ...honest, ...fault }, pin), { code: 'EVIDENCE' })
    for (const value of [undefined, null, 1, 'x', []]) {
      t.throws(() => verifyMisconduct(value, pin), { code: 'EVIDENCE' })
    }
  })
})

function checkpoint(
  leaves: readonly Hash[],
  change: { iat?: number } = {},
  by: Institute = institute,
): Promise<string> {
  const root = encodeBase64url(rootOfLeaves(leaves))
  const { iat = 1_700_000_000 } = change
  return signCheckpoint({ v: 1, iss, origin, size: leaves.length, root, iat, keyset: 1 }, by.signers.log)
}

async function statementOf(seed: number, change: Partial<Statement> = {}, by: Institute = institute): Promise<string> {
  const { statement = '' } = await entryAt(by, seed, { change, signer: by.signers.record })
  return statement
}

/** Keyset document 2, with changes. */
function keysetAfter(change: Partial<KeysetDocument>): Promise<string> {
  const { document, keyset, signers } = institute
  return signKeyset({ ...document, seq: 2, prev: keyset.digest, ...change }, signers.root)
}

function coverage(
  from: number,
  to: number,
  common: readonly number[],
  by: Institute = institute,
  change: Partial<Coverage> = {},
): Promise<string> {
  const statement: Coverage = {
    v: 1,
    iss,
    origin,
    peer: 'https://peer.example',
    from,
    to,
    openedDigest: bytesOf('opened', 32),
    commonDigest: positionsDigest(common.map((position) => ({ position }))),
    accessAt: 0,
    size: 9,
    iat: 1_700_000_000,
    ...change,
  }
  return signCoverage(statement, by.signers.log)
}

function leafOf(recordId: string): Hash {
  return leafHashOf(leafInputOf(recordId))
}

function proofOf(leaves: readonly Hash[], position: number): string[] {
  return inclusionRanges(position, leaves.length).map(({ from, to }) =>
    encodeBase64url(rootOfLeaves(leaves.slice(from, to))),
  )
}

async function told(
  from: number,
  to: number,
  common: readonly number[],
): Promise<{ coverage: string; common: readonly number[] }> {
  return { coverage: await coverage(from, to, common), common }
}
