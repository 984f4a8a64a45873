import { createPublicKey, hash, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseNoteCheckpoint, parseNoteUnsafe, verifyNote } from '@concordance/log'
import t from 'tap'

interface NoteCase {
  readonly type: string
  readonly vkey?: string
  readonly spki_base64?: string
  readonly note: string
  readonly valid: boolean
}

const { cases } = JSON.parse(readFileSync(new URL('note/signed-notes.json', import.meta.url), 'utf8')) as {
  cases: NoteCase[]
}
const [specified, rekor] = cases as [NoteCase, NoteCase]

t.test('signed notes of other programs', async (t) => {
  t.equal(cases.length, 2)
  t.comment(`notes: ${cases.length} vectors, 1 verified under its vkey, 1 taken apart and verified by hand`)

  await t.test('verify under the verifier key of the specification', async (t) => {
    t.equal(verifyNote(specified.note, [specified.vkey ?? '']), 'This is an example message.\n')
    const changed = specified.note.replace('example message', 'example massage')
    t.throws(() => verifyNote(changed, [specified.vkey ?? '']), { code: 'NOTE_SIGNATURE' })
  })

  await t.test('are taken apart where text and signatures meet', async (t) => {
    const { text, signatures } = parseNoteUnsafe(rekor.note)
    const [{ name = '', keyId = new Uint8Array(), signature = new Uint8Array() } = {}] = signatures
    const spki = Buffer.from(rekor.spki_base64 ?? '', 'base64')
    t.equal(name, 'rekor.sigstore.dev')
    t.same(Buffer.from(keyId), hash('sha256', spki, 'buffer').subarray(0, 4))
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    t.ok(verify('sha256', Buffer.from(text), key, signature))
    t.notOk(verify('sha256', Buffer.from(`${text}\n`), key, signature))
  })

  await t.test(
    'prove nothing under keys of types not in use, and are no checkpoints with extension lines',
    async (t) => {
      const { text } = parseNoteUnsafe(rekor.note)
      t.throws(() => verifyNote(rekor.note, [specified.vkey ?? '']), { code: 'NOTE_SIGNATURE' })
      t.throws(() => parseNoteCheckpoint(text), { code: 'NOTE_MALFORMED' })
      const plain = text.split('\n').slice(0, 3).join('\n')
      t.equal(parseNoteCheckpoint(`${plain}\n`).size, 21_428_036)
    },
  )
})
