import t from 'tap'
import { parseMarking } from '../src/index.ts'
import { finding } from './support/institute.ts'
import { verdictOf } from './support/refusal.ts'

const group = { iss: 'https://a.example', finding }
const verdict = (value: unknown) => verdictOf(() => parseMarking(value))

t.test('a marking', async (t) => {
  t.test('of each label is accepted in its plain form', async (t) => {
    t.equal(verdict({ tlp: 'CLEAR', relay: 'any' }), 'accepted')
    for (const relay of ['none', 'members', 'any']) t.equal(verdict({ tlp: 'GREEN', relay }), 'accepted', relay)
    t.equal(verdict({ tlp: 'AMBER', relay: 'members', group }), 'accepted')
    t.equal(verdict({ tlp: 'AMBER+STRICT', relay: 'none', group }), 'accepted')
    t.equal(verdict({ tlp: 'RED', relay: 'none' }), 'accepted')
  })

  t.test('needs a group for AMBER and AMBER+STRICT', async (t) => {
    t.equal(verdict({ tlp: 'AMBER', relay: 'none' }), 'MARKING')
    t.equal(verdict({ tlp: 'AMBER+STRICT', relay: 'none' }), 'MARKING')
  })

  t.test('takes a group elsewhere only with an embargo', async (t) => {
    for (const plain of [
      { tlp: 'CLEAR', relay: 'any' },
      { tlp: 'GREEN', relay: 'none' },
      { tlp: 'RED', relay: 'none' },
    ]) {
      t.equal(verdict({ ...plain, group }), 'MARKING', plain.tlp)
      t.equal(verdict({ ...plain, group, embargoUntil: 1_800_000_000 }), 'accepted', plain.tlp)
    }
  })

  t.test('of CLEAR is relayed by anybody, of AMBER+STRICT and RED by nobody', async (t) => {
    for (const relay of ['none', 'members']) t.equal(verdict({ tlp: 'CLEAR', relay }), 'MARKING', relay)
    for (const relay of ['members', 'any']) {
      t.equal(verdict({ tlp: 'RED', relay }), 'MARKING', relay)
      t.equal(verdict({ tlp: 'AMBER+STRICT', relay, group }), 'MARKING', relay)
    }
  })

  t.test('that is missing, unknown or malformed is refused, never taken for a weaker one', async (t) => {
    const green = { tlp: 'GREEN', relay: 'none' }
    const values: unknown[] = [
      undefined,
      null,
      'GREEN',
      [],
      {},
      { tlp: 'GREEN' },
      { relay: 'none' },
      { ...green, tlp: 'green' },
      { ...green, tlp: 'WHITE' },
      { ...green, tlp: 'GREEN ' },
      { ...green, tlp: ['GREEN'] },
      { ...green, relay: 'all' },
      { ...green, embargoUntil: '2026-01-01' },
      { ...green, embargoUntil: -1 },
      { ...green, embargoUntil: 1.5 },
      { ...green, embargoUntil: null },
      { tlp: 'AMBER', relay: 'none', group: 'all' },
      { tlp: 'AMBER', relay: 'none', group: { iss: group.iss } },
      { tlp: 'AMBER', relay: 'none', group: { ...group, finding: 'x' } },
      { tlp: 'AMBER', relay: 'none', group: { ...group, iss: 'http://a.example' } },
    ]
    for (const value of values) t.equal(verdict(value), 'MARKING', JSON.stringify(value))
  })

  t.test('with a member this version does not know is refused, since it may restrict', async (t) => {
    t.equal(verdict({ tlp: 'GREEN', relay: 'none', audience: 'eu-only' }), 'MARKING')
    t.equal(verdict({ tlp: 'AMBER', relay: 'none', group: { ...group, except: [] } }), 'MARKING')
  })

  t.test('holds handling of at most 200 bytes, not characters', async (t) => {
    const withHandling = (handling: string) => verdict({ tlp: 'GREEN', relay: 'none', handling })
    t.equal(withHandling('é'.repeat(100)), 'accepted')
    t.equal(withHandling('é'.repeat(101)), 'MARKING')
    t.equal(withHandling(''), 'MARKING')
  })
})
