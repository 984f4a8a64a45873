import { encodeBase64url, type Keyset, signCompact, signKeyset, verifyKeyset } from '@concordance/protocol'
import t from 'tap'
import { createInstitute, type Institute } from '../../protocol/test/support/institute.ts'
import { type Checkpoint, emptyRoot, parseCheckpointUnsafe, signCheckpoint, verifyCheckpoint } from '../src/index.ts'
import { leavesOf } from './support/naive-tree.ts'

const institute = await createInstitute()
const honest = checkpointOf(institute)
const compact = await signCheckpoint(honest, institute.signers.log)

t.test('a checkpoint', async (t) => {
  await t.test('verifies under the log key of its institute', async (t) => {
    t.same(verifyCheckpoint(compact, institute.keyset), honest)
    t.same(parseCheckpointUnsafe(compact).checkpoint, honest)
  })

  await t.test('verifies under an ES256 log key as well', async (t) => {
    const other = await createInstitute('b.example', 'ES256')
    const signed = await signCheckpoint(checkpointOf(other), other.signers.log)
    t.equal(verifyCheckpoint(signed, other.keyset).size, 42)
  })

  await t.test('keeps members this version does not know', async (t) => {
    const later = { ...honest, witnesses: 3 }
    const signed = await signCompact('concordance-checkpoint+jwt', later, institute.signers.log)
    t.same(verifyCheckpoint(signed, institute.keyset), later)
  })

  await t.test('of an empty log has the root SHA-256("") and no other', async (t) => {
    const empty = { ...honest, size: 0, root: encodeBase64url(emptyRoot) }
    t.equal(verifyCheckpoint(await signCheckpoint(empty, institute.signers.log), institute.keyset).size, 0)
    const other = await signCompact('concordance-checkpoint+jwt', { ...honest, size: 0 }, institute.signers.log)
    t.throws(() => verifyCheckpoint(other, institute.keyset), { code: 'CHECKPOINT' })
  })

  await t.test('is refused with any one bit of its text flipped', async (t) => {
    for (let at = 0; at < compact.length; at++) {
      const bit = 1 << (at % 7)
      const text = compact.slice(0, at) + String.fromCharCode(compact.charCodeAt(at) ^ bit) + compact.slice(at + 1)
      t.throws(() => verifyCheckpoint(text, institute.keyset), `character ${at}`)
    }
  })

  await t.test('is refused where any member is missing or malformed, by signer and reader alike', async (t) => {
    const faults: Record<string, unknown>[] = [
      { v: 2 },
      { iss: 'https://b.example' },
      { origin: 'b.example/log/1' },
      { origin: 'a.example/log/0' },
      { size: -1 },
      { size: 1.5 },
      { size: '42' },
      { root: honest.root.slice(1) },
      { root: `${honest.root}=` },
      { root: `${honest.root.slice(0, 42)}B` },
      { iat: -1 },
      { keyset: 0 },
    ]
    for (const fault of faults) {
      const given = { ...honest, ...fault } as Checkpoint
      await t.rejects(signCheckpoint(given, institute.signers.log), { code: 'CHECKPOINT' })
      const signed = await signCompact('concordance-checkpoint+jwt', given, institute.signers.log)
      t.throws(() => parseCheckpointUnsafe(signed), { code: 'CHECKPOINT' }, JSON.stringify(fault))
    }
    for (const member of Object.keys(honest)) {
      const { [member as keyof Checkpoint]: _, ...rest } = honest
      const signed = await signCompact('concordance-checkpoint+jwt', rest, institute.signers.log)
      t.throws(() => parseCheckpointUnsafe(signed), { code: 'CHECKPOINT' }, `without ${member}`)
    }
  })

  await t.test('of another institute or log is refused', async (t) => {
    const other = await createInstitute('b.example')
    const foreign = await signCheckpoint(checkpointOf(other), institute.signers.log)
    t.throws(() => verifyCheckpoint(foreign, institute.keyset), { code: 'CHECKPOINT' })
    const second = await signCheckpoint({ ...honest, origin: 'a.example/log/2' }, institute.signers.log)
    t.throws(() => verifyCheckpoint(second, institute.keyset), { code: 'CHECKPOINT' })
  })

  await t.test('is refused under a key for another purpose, or of another institute', async (t) => {
    const byRecord = await signCheckpoint(honest, institute.signers.record)
    t.throws(() => verifyCheckpoint(byRecord, institute.keyset), { code: 'KEY_PURPOSE' })
    const other = await createInstitute('b.example')
    const byOther = await signCheckpoint(honest, other.signers.log)
    t.throws(() => verifyCheckpoint(byOther, institute.keyset), { code: 'KEY_UNKNOWN' })
  })

  await t.test('that is a message of another type is refused', async (t) => {
    const coverage = await signCompact('concordance-coverage+jwt', honest, institute.signers.log)
    t.throws(() => verifyCheckpoint(coverage, institute.keyset), { code: 'JWS_TYPE' })
  })

  await t.test('that names a keyset nobody has shown is refused', async (t) => {
    const signed = await signCheckpoint({ ...honest, keyset: 2 }, institute.signers.log)
    t.throws(() => verifyCheckpoint(signed, institute.keyset), { code: 'CHECKPOINT' })
  })

  await t.test('is judged by its size where the log key was revoked at a position', async (t) => {
    const keyset = await revokeLogKey(institute, 50)
    t.equal(verifyCheckpoint(compact, keyset).size, 42)
    const later = await signCheckpoint({ ...honest, size: 51 }, institute.signers.log)
    t.throws(() => verifyCheckpoint(later, keyset), { code: 'KEY_REVOKED' })
  })
})

async function revokeLogKey({ document, keyset, signers, pin, iss }: Institute, revoked: number): Promise<Keyset> {
  const keys = document.keys.map((key) => (key.purpose === 'log' ? { ...key, revoked } : key))
  const next = await signKeyset({ ...document, seq: 2, prev: keyset.digest, keys }, signers.root)
  return verifyKeyset(next, { pin, iss, previous: keyset })
}

function checkpointOf({ iss, origin }: Institute): Checkpoint {
  const [root = emptyRoot] = leavesOf(1, 'root')
  return { v: 1, iss, origin, size: 42, root: encodeBase64url(root), iat: 1_700_000_000, keyset: 1 }
}
