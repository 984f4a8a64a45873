import fc from 'fast-check'
import t from 'tap'
import { isWithin, type Marking, parseMarking } from '../src/index.ts'
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
    ]) {
      t.equal(verdict({ ...plain, group }), 'MARKING', plain.tlp)
      t.equal(verdict({ ...plain, group, embargoUntil: 1_800_000_000 }), 'accepted', plain.tlp)
    }
  })

  t.test('of RED takes neither group nor embargo: nobody outside is ever entitled', async (t) => {
    const red = { tlp: 'RED', relay: 'none' }
    t.equal(verdict(red), 'accepted')
    for (const more of [{ group }, { embargoUntil: 5 }, { group, embargoUntil: 5 }]) {
      t.equal(verdict({ ...red, ...more }), 'MARKING')
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

/** Who is entitled at a time, written down as the table of the design has it, over a small world. */
function audience({ tlp, group, embargoUntil = 0 }: Marking, now: number): string[] {
  const circles: Record<string, string[]> = { '1': ['b', 'c'], '2': ['c', 'd'] }
  const members = group ? (circles[group.finding.slice(-1)] ?? []) : []
  if (tlp === 'RED') return []
  if (now < embargoUntil || tlp.startsWith('AMBER')) return members
  return tlp === 'GREEN' ? ['b', 'c', 'd', 'e'] : ['b', 'c', 'd', 'e', 'public']
}

const someMarking = fc
  .record({
    tlp: fc.constantFrom('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'),
    group: fc.constantFrom(undefined, '1', '2'),
    relay: fc.constantFrom('none', 'members', 'any'),
    embargoUntil: fc.constantFrom(undefined, 3, 5),
  })
  .map(({ group: circle, embargoUntil, ...plain }) => ({
    ...plain,
    ...(circle && { group: { ...group, finding: finding.slice(0, -1) + circle } }),
    ...(embargoUntil && { embargoUntil }),
  }))
  .filter((value) => verdict(value) === 'accepted') as fc.Arbitrary<Marking>

t.test('a marking within another', async (t) => {
  t.test('never entitles anybody whom the other does not, at any time', async () => {
    fc.assert(
      fc.property(someMarking, someMarking, fc.constantFrom(1, 3, 4, 5, 9), (inner, outer, now) => {
        if (!isWithin(inner, outer)) return
        const outside = audience(inner, now).filter((reader) => !audience(outer, now).includes(reader))
        if (outside.length > 0) throw new Error(`${outside} at ${now}`)
      }),
      { numRuns: 5_000 },
    )
  })

  t.test('is itself, and is narrower step by step through the labels', async (t) => {
    const steps = [
      { tlp: 'RED', relay: 'none' },
      { tlp: 'AMBER+STRICT', relay: 'none', group },
      { tlp: 'AMBER', relay: 'members', group },
      { tlp: 'GREEN', relay: 'any', group, embargoUntil: 9 },
      { tlp: 'GREEN', relay: 'any', group, embargoUntil: 5 },
      { tlp: 'GREEN', relay: 'any' },
      { tlp: 'CLEAR', relay: 'any' },
    ] satisfies Marking[]
    for (const [i, inner] of steps.entries()) {
      for (const [k, outer] of steps.entries()) t.equal(isWithin(inner, outer), i <= k, `${i} within ${k}`)
    }
  })

  t.test('is not one that more may hand on', async (t) => {
    t.notOk(isWithin({ tlp: 'GREEN', relay: 'members' }, { tlp: 'GREEN', relay: 'none' }))
    t.ok(isWithin({ tlp: 'GREEN', relay: 'none' }, { tlp: 'GREEN', relay: 'members' }))
  })
})
