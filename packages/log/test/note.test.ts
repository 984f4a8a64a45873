import { createHash } from 'node:crypto'
import { createLocalSigner, publicJwkOf } from '@concordance/protocol'
import fc from 'fast-check'
import t from 'tap'
import { testKey } from '../../protocol/test/support/test-key.ts'
import { emptyRoot, parseNoteCheckpoint, parseNoteUnsafe, signNote, verifyNote, vkeyOf } from '../src/index.ts'
import { leavesOf } from './support/naive-tree.ts'

const origin = 'a.example/log/1'
const key = testKey('note of a log')
const jwk = publicJwkOf(key)
const vkey = vkeyOf(origin, jwk)
const [root = emptyRoot] = leavesOf(1, 'root')
const checkpoint = { origin, size: 42, root }
const note = await signNote(checkpoint, createLocalSigner(key), jwk)
const text = note.slice(0, note.indexOf('\n\n') + 1)
const line = note.slice(text.length + 1)

t.test('a checkpoint note', async (t) => {
  await t.test('is three lines, an empty one and a signature under the name of the log', async (t) => {
    const [first, size, hash, empty, signature, end, ...more] = note.split('\n')
    t.same([first, size, empty, end, more], [origin, '42', '', '', []])
    t.equal(hash, Buffer.from(root).toString('base64'))
    t.match(signature, /^— a\.example\/log\/1 [A-Za-z0-9+/=]{92}$/)
  })

  await t.test('verifies under the verifier key of the log, and reads back', async (t) => {
    const verified = parseNoteCheckpoint(verifyNote(note, [vkey]))
    t.same({ ...verified, root: Buffer.from(verified.root) }, { ...checkpoint, root: Buffer.from(root) })
  })

  await t.test('verifies whatever unknown keys have signed besides, up to 16 in all', async (t) => {
    const witness = testKey('witness')
    const [, foreign = ''] = (
      await signNote({ ...checkpoint, origin: 'w.example' }, createLocalSigner(witness), publicJwkOf(witness))
    ).split('\n\n')
    t.equal(verifyNote(note + foreign.repeat(15), [vkey]), text)
    t.throws(() => verifyNote(note + foreign.repeat(16), [vkey]), { code: 'NOTE_MALFORMED' })
  })

  await t.test('has room for 16 signatures of post-quantum size', async (t) => {
    const large = `— w.example ${Buffer.alloc(5000, 7).toString('base64')}\n`
    t.equal(verifyNote(note + large.repeat(15), [vkey]), text)
    t.throws(() => parseNoteUnsafe(`${'x'.repeat(131_072)}\n\n${line}`), { code: 'NOTE_MALFORMED' })
    t.ok(parseNoteUnsafe(`${'x'.repeat(100_000)}\n\n${line}`))
  })

  await t.test('is refused without a signature of a known key', async (t) => {
    const other = vkeyOf(origin, publicJwkOf(testKey('other')))
    t.throws(() => verifyNote(note, [other]), { code: 'NOTE_SIGNATURE' })
    t.throws(() => verifyNote(note, [vkeyOf('b.example/log/1', jwk)]), { code: 'NOTE_SIGNATURE' })
    t.throws(() => verifyNote(note, []), { code: 'NOTE_SIGNATURE' })
    t.equal(verifyNote(note, [other, vkey]), text)
  })

  await t.test('is refused where one signature of a known key is wrong, though another is right', async (t) => {
    const [, name, encoded = ''] = line.trimEnd().split(' ')
    const bytes = Buffer.from(encoded, 'base64')
    bytes[10] = (bytes[10] ?? 0) ^ 1
    const wrong = `— ${name} ${bytes.toString('base64')}\n`
    t.throws(() => verifyNote(note + wrong, [vkey]), { code: 'NOTE_SIGNATURE' })
    const short = `— ${name} ${bytes.subarray(0, 40).toString('base64')}\n`
    t.throws(() => verifyNote(note + short, [vkey]), { code: 'NOTE_SIGNATURE' })
  })

  await t.test('is refused with any one bit of its bytes flipped', async (t) => {
    const bytes = Buffer.from(note)
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(bytes)
        const at = Math.floor(bit / 8)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8))
        t.throws(() => verifyNote(flipped.toString('utf8'), [vkey]))
      }),
      { numRuns: 400, seed: 7 },
    )
  })

  await t.test('is refused in every other spelling', async (t) => {
    const spellings = {
      'no final newline': note.slice(0, -1),
      'no signature': `${text}\n`,
      'no text': `\n${line}`,
      'an empty signature line': `${note}\n`,
      'a carriage return': note.replace('\n', '\r\n'),
      'a tab': note.replace('42', '42\t'),
      'a lone surrogate': note.replace('42', '4\ud800'),
      'a hyphen for the dash': note.replace('—', '-'),
      'two spaces': note.replace('— ', '—  '),
      'a plus in the name': note.replace(`— ${origin}`, `— ${origin}+`),
      'a no-break space in the name': note.replace(`— ${origin}`, '— a.example\u00a0x'),
      'no padding': note.replace(/=*\n$/, '\n'),
      base64url: note.slice(0, -10).replaceAll('+', '-') + note.slice(-10).replaceAll('/', '_').replace('A', '_'),
      'a key id alone': `${text}\n— ${origin} ${Buffer.alloc(4).toString('base64')}\n`,
    }
    for (const [fault, spelled] of Object.entries(spellings)) {
      t.throws(() => parseNoteUnsafe(spelled), { code: 'NOTE_MALFORMED' }, fault)
    }
    t.equal(parseNoteUnsafe(note).text, text)
  })

  await t.test('has a text of exactly origin, size and root', async (t) => {
    const hash = Buffer.from(root).toString('base64')
    const texts = {
      'a leading zero': `${origin}\n042\n${hash}\n`,
      'a sign': `${origin}\n+42\n${hash}\n`,
      hexadecimal: `${origin}\n0x2a\n${hash}\n`,
      'an empty size': `${origin}\n\n${hash}\n`,
      'a size beyond 2^53-1': `${origin}\n9007199254740992\n${hash}\n`,
      'no origin': `\n42\n${hash}\n`,
      'a short root': `${origin}\n42\n${Buffer.from(root.subarray(1)).toString('base64')}\n`,
      'a root without padding': `${origin}\n42\n${hash.slice(0, -1)}\n`,
      'an extension line': `${origin}\n42\n${hash}\nmore\n`,
      'no final newline': `${origin}\n42\n${hash}`,
      'an empty log with another root': `${origin}\n0\n${hash}\n`,
    }
    for (const [fault, given] of Object.entries(texts)) {
      t.throws(() => parseNoteCheckpoint(given), { code: 'NOTE_MALFORMED' }, fault)
    }
    t.equal(parseNoteCheckpoint(`${origin}\n9007199254740991\n${hash}\n`).size, 2 ** 53 - 1)
    t.equal(parseNoteCheckpoint(`${origin}\n0\n${Buffer.from(emptyRoot).toString('base64')}\n`).size, 0)
  })

  await t.test('is not signed with a key that cannot verify it', async (t) => {
    const hardware = testKey('hardware', 'ES256')
    const mine = createLocalSigner(key)
    await t.rejects(signNote(checkpoint, createLocalSigner(hardware), publicJwkOf(hardware)), {
      code: 'NOTE_MALFORMED',
    })
    await t.rejects(signNote(checkpoint, mine, publicJwkOf(testKey('other'))), { code: 'NOTE_MALFORMED' })
    await t.rejects(signNote({ ...checkpoint, origin: 'two words' }, mine, jwk), { code: 'NOTE_MALFORMED' })
    await t.rejects(signNote({ ...checkpoint, size: -1 }, mine, jwk), { code: 'NOTE_MALFORMED' })
    await t.rejects(signNote({ ...checkpoint, root: root.subarray(1) }, mine, jwk), { code: 'NOTE_MALFORMED' })
  })
})

t.test('a verifier key', async (t) => {
  await t.test('is name, key id and typed public key', async (t) => {
    const typed = Buffer.concat([Buffer.of(1), Buffer.from(jwk.x, 'base64url')])
    const id = createHash('sha256').update(`${origin}\n`).update(typed).digest('hex').slice(0, 8)
    t.equal(vkey, `${origin}+${id}+${typed.toString('base64')}`)
  })

  await t.test('is refused where its parts do not fit, or the key is unsafe', async (t) => {
    const [name = '', id = '', ...rest] = vkey.split('+')
    const encoded = rest.join('+')
    const typedAs2 = Buffer.from(encoded, 'base64').fill(2, 0, 1).toString('base64')
    const faults = {
      'another name': `b.example+${id}+${encoded}`,
      'another key id': `${name}+00000000+${encoded}`,
      'an upper-case key id': `${name}+${id.toUpperCase()}+${encoded}`,
      'another type': `${name}+${id}+${typedAs2}`,
      'padding too much': `${vkey}=`,
      'one part': name,
      'a key of low order': lowOrderVkey(name),
    }
    for (const [fault, given] of Object.entries(faults)) {
      t.throws(() => verifyNote(note, [given]), { code: 'NOTE_MALFORMED' }, fault)
    }
    t.not(id, id.toUpperCase())
  })

  await t.test('exists for Ed25519 and proper names alone', async (t) => {
    t.throws(() => vkeyOf(origin, publicJwkOf(testKey('hardware', 'ES256'))), { code: 'NOTE_MALFORMED' })
    for (const name of ['', 'two words', 'a+b', 'a\nb', 'a\u0085b']) {
      t.throws(() => vkeyOf(name, jwk), { code: 'NOTE_MALFORMED' })
    }
  })
})

/** The identity point: one signature under it fits any message. */
function lowOrderVkey(name: string): string {
  const typed = Buffer.concat([Buffer.of(1, 1), Buffer.alloc(31)])
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest('hex').slice(0, 8)
  return `${name}+${id}+${typed.toString('base64')}`
}
