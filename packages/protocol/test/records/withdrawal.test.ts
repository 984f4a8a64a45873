import t from 'tap'
import { encodeBody, type Statement, verifyBody } from '../../src/index.ts'
import { withdrawal } from '../../src/records/withdrawal.ts'
import { bytesOf, finding } from '../support/institute.ts'
import { verdictOf } from '../support/refusal.ts'

const iss = 'https://a.example'
const target = { iss, record: bytesOf('target', 32) }

function verdict(content: object, rel: Statement['rel'] = [{ kind: 'withdraws', target }]): string {
  return verdictOf(() => {
    const { text, digest, size, mediaType } = encodeBody('withdrawal', content as never, {
      iss,
      salt: bytesOf('salt', 32),
    })
    const mark = { tlp: 'GREEN', relay: 'none' } as const
    const body = { digest, size, type: mediaType }
    const fixed = { v: 1, log: 'a.example/log/1', finding, version: 1, iat: 1, lang: 'en' } as const
    verifyBody({ ...fixed, iss, type: 'withdrawal', nonce: bytesOf('nonce', 16), mark, rel, body }, text)
  })
}

t.test('a withdrawal', async (t) => {
  t.test('gives a reason from the list, and more where there is more to say', async (t) => {
    for (const reason of ['error', 'invalid-samples', 'breach', 'information-hazard', 'legal', 'superseded']) {
      t.equal(verdict({ reason }), 'accepted', reason)
    }
    t.equal(verdict({ reason: 'error', note: { fr: 'Double compte.' }, replacement: target }), 'accepted')
    t.equal(verdict({}), 'SCHEMA')
    t.equal(verdict({ reason: 'regret' }), 'SCHEMA')
    t.equal(verdict({ reason: 'error', note: 'text' }), 'SCHEMA')
    t.equal(verdict({ reason: 'error', replacement: { iss } }), 'SCHEMA')
  })

  t.test('names exactly one record of its own institute, among whatever it cites', async (t) => {
    const reason = { reason: 'error' }
    const cites = { kind: 'cites', target: { iss: 'https://b.example', finding } } as const
    t.equal(verdict(reason, [{ kind: 'withdraws', target }, cites]), 'accepted')
    t.equal(verdict(reason, []), 'SCHEMA')
    t.equal(verdict(reason, [{ kind: 'withdraws', target: { ...target, iss: 'https://b.example' } }]), 'SCHEMA')
    t.equal(verdict(reason, [{ kind: 'withdraws', target: { iss, finding } }]), 'SCHEMA')
    t.equal(verdict(reason, Array(2).fill({ kind: 'withdraws', target })), 'SCHEMA')
  })

  t.test('is found by its reason and its note', async (t) => {
    t.same(withdrawal.describe({ reason: 'breach', note: { en: 'A sample leaked.' } }), {
      title: { en: 'A sample leaked.' },
      text: [{ lang: 'en', text: 'A sample leaked.' }],
      facets: { reason: 'breach' },
    })
    t.same(withdrawal.describe({ reason: 'legal' }).title, { en: 'Withdrawn: legal' })
  })
})
