import {
  createLocalSigner,
  encodeBase64url,
  encodeBody,
  type PublicJwk,
  publicJwkOf,
  type Signer,
  signKeyset,
  signStatement,
  type WireEntry,
} from '@concordance/protocol'
import t from 'tap'
import {
  bytesOf,
  createInstitute,
  entryAt,
  finding,
  type Institute,
  leafOf,
  logOf,
  observed,
} from '../../protocol/test/support/institute.ts'
import { testKey } from '../../protocol/test/support/test-key.ts'
import {
  type Checkpoint,
  formatTlogProof,
  type Hash,
  inclusionRanges,
  parseTlogProof,
  type RecordProof,
  rootOfLeaves,
  signCheckpoint,
  signNote,
  verifyRecordProof,
} from '../src/index.ts'

const institute = await createInstitute()
const { origin } = institute
const { log } = institute.signers
const logJwk = logJwkOf(institute)
const entries = await logOf(institute, 9)
const honest = await proofOf(institute, entries, 5)

t.test('a record proof', async (t) => {
  await t.test('convinces whoever trusts the pin alone', async (t) => {
    const { statement, body, checkpoint, recordId } = verifyRecordProof(honest, institute.pin)
    t.equal(statement.iss, institute.iss)
    t.equal(body?.country, 'KE')
    t.equal(checkpoint.size, 9)
    t.match(recordId, /^[A-Za-z0-9_-]{43}$/)
    t.same(verifyRecordProof(JSON.parse(JSON.stringify(honest)), institute.pin).recordId, recordId)
  })

  await t.test('works for every position of the log, the keyset at position 0 included', async (t) => {
    for (let position = 0; position < entries.length; position++) {
      const proof = await proofOf(institute, entries, position)
      t.equal(verifyRecordProof(proof, institute.pin).statement.iat, 1_700_000_000 + position)
    }
  })

  await t.test('works without the body where that was closed', async (t) => {
    const { body, statement } = verifyRecordProof({ ...honest, body: null }, institute.pin)
    t.equal(body, undefined)
    t.ok(statement.body)
  })

  await t.test('works without a note, as it is exported from a copy of the log', async (t) => {
    const { hashes } = parseTlogProof(honest.proof ?? '')
    const [first = '', ...rest] = hashes.map((hash) => encodeBase64url(hash))
    const copy = { ...honest, proof: null, hashes: [first, ...rest] }
    t.equal(verifyRecordProof(copy, institute.pin).checkpoint.size, 9)
    t.throws(() => verifyRecordProof({ ...copy, hashes: rest }, institute.pin), { code: 'PROOF_LENGTH' })
    t.throws(() => verifyRecordProof({ ...copy, hashes: [...rest, first] }, institute.pin), { code: 'ROOT_MISMATCH' })
    t.throws(() => verifyRecordProof({ ...copy, position: 6 }, institute.pin), { code: 'ROOT_MISMATCH' })
    const malformed = [
      { ...copy, hashes: [first.slice(0, -3), ...rest] },
      { ...copy, hashes: undefined },
      { ...copy, hashes: [0] },
      { ...copy, proof: honest.proof },
    ]
    for (const bundle of malformed) {
      t.throws(() => verifyRecordProof(bundle, institute.pin), /record proof|base64url/)
    }
  })

  await t.test('follows the chain of keysets from the pinned root', async (t) => {
    const { chain, signer } = await rotateRecordKey(institute, 8)
    const later = [...entries.slice(0, 8), await entryAt(institute, 8, { signer })]
    const proof = { ...(await proofOf(institute, later, 8)), keysets: chain }
    t.equal(verifyRecordProof(proof, institute.pin).checkpoint.size, 9)
    t.throws(() => verifyRecordProof({ ...proof, keysets: chain.slice(0, 1) }, institute.pin), { code: 'KEY_UNKNOWN' })
    t.throws(() => verifyRecordProof({ ...proof, keysets: chain.toReversed() }, institute.pin), { code: 'KEYSET' })
    t.throws(() => verifyRecordProof({ ...proof, keysets: [] }, institute.pin), { code: 'KEYSET' })
  })

  await t.test('is refused under another pin', async (t) => {
    const other = await createInstitute('b.example')
    t.throws(() => verifyRecordProof(honest, other.pin), { code: 'PIN_MISMATCH' })
  })

  await t.test('is refused with any one character of its parts changed', async (t) => {
    for (const part of ['statement', 'checkpoint', 'leaf', 'proof', 'body'] as const) {
      const text = honest[part] ?? ''
      for (let at = 0; at < text.length; at += 1 + Math.floor(text.length / 60)) {
        const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
        t.throws(() => verifyRecordProof({ ...honest, [part]: changed }, institute.pin), `${part} at ${at}`)
      }
    }
    const [keyset = ''] = honest.keysets
    const changed = keyset.slice(0, -9) + (keyset.at(-9) === 'A' ? 'B' : 'A') + keyset.slice(-8)
    t.throws(() => verifyRecordProof({ ...honest, keysets: [changed] }, institute.pin), { code: 'SIGNATURE_INVALID' })
  })

  await t.test('is refused with parts of another record or another log', async (t) => {
    const other = await proofOf(institute, entries, 6)
    const swaps: Record<string, Partial<RecordProof>> = {
      PROOF_MALFORMED: { leaf: other.leaf },
      DIGEST_MISMATCH: { body: other.body },
      ROOT_MISMATCH: { statement: other.statement, leaf: other.leaf, body: other.body },
    }
    for (const [code, swap] of Object.entries(swaps)) {
      t.throws(() => verifyRecordProof({ ...honest, ...swap }, institute.pin), { code })
    }
    t.throws(() => verifyRecordProof({ ...honest, position: 6 }, institute.pin), { code: 'PROOF_MALFORMED' })
    t.throws(() => verifyRecordProof({ ...honest, position: 6, proof: other.proof }, institute.pin), {
      code: 'ROOT_MISMATCH',
    })
    t.equal(verifyRecordProof(other, institute.pin).checkpoint.size, 9)
  })

  await t.test('is refused where note and checkpoint are of different trees', async (t) => {
    const smaller = await proofOf(institute, entries.slice(0, 8), 5)
    t.throws(() => verifyRecordProof({ ...honest, proof: smaller.proof }, institute.pin), { code: 'PROOF_MALFORMED' })
    t.throws(() => verifyRecordProof({ ...honest, checkpoint: smaller.checkpoint }, institute.pin), {
      code: 'PROOF_MALFORMED',
    })
    t.equal(verifyRecordProof(smaller, institute.pin).checkpoint.size, 8)
  })

  await t.test('is refused where the note gives another size or another root alone', async (t) => {
    const { index, hashes } = parseTlogProof(honest.proof ?? '')
    const root = rootOfLeaves(leavesOf(entries))
    const other = rootOfLeaves(leavesOf(entries.slice(0, 8)))
    for (const [size, given] of [
      [10, root],
      [9, other],
    ] as const) {
      const proof = formatTlogProof({ index, hashes, note: await signNote({ origin, size, root: given }, log, logJwk) })
      t.throws(() => verifyRecordProof({ ...honest, proof }, institute.pin), { code: 'PROOF_MALFORMED' })
    }
    const proof = formatTlogProof({ index, hashes, note: await signNote({ origin, size: 9, root }, log, logJwk) })
    t.equal(verifyRecordProof({ ...honest, proof }, institute.pin).checkpoint.size, 9)
  })

  await t.test('is refused where the statement is for another log of the same institute', async (t) => {
    const elsewhere = await entryAt(institute, 5, { change: { log: 'a.example/log/2' } })
    const proof = await proofOf(institute, entries.with(5, elsewhere), 5)
    t.throws(() => verifyRecordProof(proof, institute.pin), { code: 'PROOF_MALFORMED' })
  })

  await t.test('is refused where another key signed the note', async (t) => {
    const { index, hashes, note } = parseTlogProof(honest.proof ?? '')
    const other = await createInstitute('b.example')
    const foreign = await noteOf(other, institute.origin, entries)
    t.not(foreign, note)
    const proof = formatTlogProof({ index, hashes, note: foreign })
    t.throws(() => verifyRecordProof({ ...honest, proof }, institute.pin), { code: 'NOTE_SIGNATURE' })
  })

  await t.test('is refused where a request key signed the statement', async (t) => {
    const forged = await entryAt(institute, 5, { signer: institute.signers.request })
    const proof = await proofOf(institute, entries.with(5, forged), 5)
    t.throws(() => verifyRecordProof(proof, institute.pin), { code: 'KEY_PURPOSE' })
  })

  await t.test('is refused for a position the record key was not good at', async (t) => {
    const { chain } = await rotateRecordKey(institute, 8)
    const [good, late] = [await proofOf(institute, entries, 7), await proofOf(institute, entries, 8)]
    t.equal(verifyRecordProof({ ...good, keysets: chain }, institute.pin).checkpoint.size, 9)
    t.throws(() => verifyRecordProof({ ...late, keysets: chain }, institute.pin), { code: 'KEY_REVOKED' })
  })

  await t.test('is refused with a body to a statement that has none', async (t) => {
    const { iss, origin, signers } = institute
    const mark = { tlp: 'CLEAR', relay: 'any' } as const
    const bare = {
      v: 1,
      iss,
      log: origin,
      type: 'observation',
      finding,
      version: 1,
      mark,
      rel: [],
      lang: 'en',
    } as const
    const nonce = bytesOf('bare', 16)
    const { compact, recordId } = await signStatement({ ...bare, iat: 1_700_000_005, nonce }, signers.record)
    const entry = { ...(entries[5] as WireEntry), statement: compact, leaf: leafOf(recordId) }
    const proof = await proofOf(institute, entries.with(5, entry), 5)
    const body = encodeBody('observation', observed, { iss, salt: bytesOf('salt', 32) }).text
    t.equal(verifyRecordProof({ ...proof, body: null }, institute.pin).body, undefined)
    t.throws(() => verifyRecordProof({ ...proof, body }, institute.pin), { code: 'DIGEST_MISMATCH' })
  })

  await t.test('is refused where it is no such proof at all', async (t) => {
    const faults = [
      { v: 2 },
      { kind: 'proof' },
      { keysets: 'x' },
      { keysets: [1] },
      { keysets: Array(1001).fill('x') },
      { statement: 1 },
      { body: undefined },
      { position: '5' },
      { position: 5.5 },
      { leaf: null },
      { proof: 1 },
      { checkpoint: {} },
    ]
    for (const fault of faults) {
      t.throws(() => verifyRecordProof({ ...honest, ...fault }, institute.pin), { code: 'PROOF_MALFORMED' })
    }
    for (const value of [undefined, null, 1, 'x', []]) {
      t.throws(() => verifyRecordProof(value, institute.pin), { code: 'PROOF_MALFORMED' })
    }
  })
})

async function proofOf(from: Institute, entries: readonly WireEntry[], position: number): Promise<RecordProof> {
  const { iss, origin, keyset, signers } = from
  const leaves = leavesOf(entries)
  const size = leaves.length
  const entry = entries[position] as WireEntry
  const hashes = inclusionRanges(position, size).map(({ from, to }) => rootOfLeaves(leaves.slice(from, to)))
  const root = encodeBase64url(rootOfLeaves(leaves))
  const checkpoint: Checkpoint = { v: 1, iss, origin, size, root, iat: 1_700_000_100, keyset: 1 }
  return {
    v: 1,
    kind: 'record-proof',
    keysets: [keyset.compact],
    statement: entry.statement ?? '',
    body: entry.body ?? null,
    position,
    leaf: entry.leaf,
    proof: formatTlogProof({ index: position, hashes, note: await noteOf(from, origin, entries) }),
    checkpoint: await signCheckpoint(checkpoint, signers.log),
  }
}

/** Keyset document 2: from `position` on, another record key signs. */
async function rotateRecordKey(
  { document, keyset, signers }: Institute,
  position: number,
): Promise<{ chain: string[]; signer: Signer }> {
  const next = testKey('a.example record 2')
  const kept = document.keys.map((key) => (key.purpose === 'record' ? { ...key, revoked: position - 1 } : key))
  const keys = [...kept, { jwk: publicJwkOf(next), purpose: 'record' as const, from: position }]
  const second = await signKeyset({ ...document, seq: 2, prev: keyset.digest, keys }, signers.root)
  return { chain: [keyset.compact, second], signer: createLocalSigner(next) }
}

function noteOf(by: Institute, origin: string, entries: readonly WireEntry[]): Promise<string> {
  const root = rootOfLeaves(leavesOf(entries))
  return signNote({ origin, size: entries.length, root }, by.signers.log, logJwkOf(by))
}

function logJwkOf({ document }: Institute): PublicJwk {
  return document.keys.find(({ purpose }) => purpose === 'log')?.jwk as PublicJwk
}

function leavesOf(entries: readonly WireEntry[]): Hash[] {
  return entries.map(({ leaf }) => Buffer.from(leaf, 'base64url'))
}
