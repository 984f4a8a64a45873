import { createHash } from 'node:crypto'
import t from 'tap'
import { commitSubject, judgeOpening, opensSubject } from '../../src/records/sealed-subject.ts'

const salt = Buffer.alloc(32, 7).toString('base64url')
const name = { developer: 'Lab', name: 'Model 7', version: '2026-01' }
const sealed = { pseudonym: 'Model A', commitment: commitSubject(name, salt) }
const opened = { ...name, unsealed: { pseudonym: 'Model A', salt } }

t.test('a commitment', async (t) => {
  t.test('is the SHA-256 of the canonical name and salt', async (t) => {
    const text = `{"developer":"Lab","name":"Model 7","salt":"${salt}","version":"2026-01"}`
    t.equal(sealed.commitment, createHash('sha256').update(text).digest('base64url'))
  })

  t.test('runs over nothing else of a subject', async (t) => {
    t.equal(commitSubject({ ...name, ...{ kind: 'model' } }, salt), sealed.commitment)
  })

  t.test('is another one for every other name and salt', async (t) => {
    const { developer: _, ...bare } = name
    const other = Buffer.alloc(32, 8).toString('base64url')
    const all = [
      sealed.commitment,
      commitSubject(bare, salt),
      commitSubject({ ...name, name: 'Model 8' }, salt),
      commitSubject({ ...name, version: '2026-02' }, salt),
      commitSubject(name, other),
    ]
    t.equal(new Set(all).size, all.length)
  })
})

t.test('a subject opens what was sealed of it, and nothing else', async (t) => {
  t.equal(opensSubject(sealed, opened), true)
  t.equal(opensSubject(sealed, { ...opened, version: '2026-02' }), false)
  t.equal(opensSubject(sealed, { ...opened, developer: 'Other Lab' }), false)
  t.equal(opensSubject(sealed, { ...opened, unsealed: { pseudonym: 'Model B', salt } }), false)
  const other = Buffer.alloc(32, 8).toString('base64url')
  t.equal(opensSubject(sealed, { ...opened, unsealed: { pseudonym: 'Model A', salt: other } }), false)
})

t.test('an opening is', async (t) => {
  t.test('proven where it opens every version that sealed the pseudonym', async (t) => {
    t.equal(judgeOpening(opened, [sealed, sealed]), 'proven')
    t.equal(judgeOpening(opened, [sealed, { pseudonym: 'Model B', commitment: 'A'.repeat(43) }]), 'proven')
  })

  t.test('contradicted where one of them sealed something else', async (t) => {
    t.equal(judgeOpening(opened, [sealed, { ...sealed, commitment: 'A'.repeat(43) }]), 'contradicted')
  })

  t.test('unknown where none of them is at hand', async (t) => {
    t.equal(judgeOpening(opened, []), 'unknown')
    t.equal(judgeOpening(opened, [{ ...sealed, pseudonym: 'Model B' }]), 'unknown')
  })
})
