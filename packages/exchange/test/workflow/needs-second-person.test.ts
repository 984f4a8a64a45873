import type { Marking } from '@concordance/protocol'
import t from 'tap'
import { type Circle, needsSecondPerson } from '../../src/workflow/needs-second-person.ts'
import { group, marks } from '../support/content.ts'

/** The table of docs/publishing.md. */
t.test('publishing needs a second person for every label but RED', async (t) => {
  for (const mark of Object.values(marks)) {
    t.equal(needsSecondPerson({ kind: 'publish', mark }), mark.tlp !== 'RED', mark.tlp)
  }
})

t.test('another marking needs a second person unless it only narrows', async (t) => {
  const embargoed = (embargoUntil: number): Marking => ({ ...marks.green, embargoUntil })
  const other: Marking = { ...marks.amber, group: { ...group, iss: 'https://b.institute.example' } }
  const cases: [string, Marking, Marking, boolean][] = [
    ['CLEAR to GREEN', marks.clear, marks.green, false],
    ['CLEAR to AMBER', marks.clear, marks.amber, false],
    ['AMBER to AMBER+STRICT', marks.amber, marks.amberStrict, false],
    ['anything to RED', marks.clear, marks.red, false],
    ['a longer embargo', embargoed(100), embargoed(200), false],
    ['an embargo where there was none', marks.green, embargoed(200), false],
    ['GREEN to CLEAR', marks.green, marks.clear, true],
    ['RED to AMBER', marks.red, marks.amber, true],
    ['AMBER+STRICT to AMBER', marks.amberStrict, marks.amber, true],
    ['AMBER for another group', marks.amber, other, true],
    ['a shorter embargo', embargoed(200), embargoed(100), true],
    ['the end of an embargo', embargoed(200), marks.green, true],
    ['leave to hand on', marks.green, { ...marks.green, relay: 'any' }, true],
  ]
  for (const [name, before, after, needed] of cases) {
    t.equal(needsSecondPerson({ kind: 'remark', before, after }), needed, name)
  }
})

t.test('a group needs a second person unless it only gets smaller', async (t) => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ iss: `https://${name}.example`, role: 'member' as const }))
  if (!a || !b || !c) return t.fail()
  const circle = (...members: Circle['members']): Circle => ({ name: { en: 'Cyber' }, members })
  const cases: [string, Circle | undefined, Circle, boolean][] = [
    ['the same again', circle(a, b), circle(b, a), false],
    ['one member fewer', circle(a, b), circle(a), false],
    ['nobody', circle(a, b), circle(), false],
    ['less history', circle(a, b), circle(a, { ...b, historyFrom: 9 }), false],
    ['a new group', undefined, circle(a), true],
    ['another member', circle(a), circle(a, b), true],
    ['one member for another', circle(a, b), circle(a, c), true],
    ['more history', circle({ ...a, historyFrom: 9 }), circle({ ...a, historyFrom: 8 }), true],
    ['the whole history', circle({ ...a, historyFrom: 9 }), circle(a), true],
    ['another role', circle(a), circle({ ...a, role: 'owner' }), true],
    ['another name', circle(a), { ...circle(a), name: { en: 'Other' } }, true],
    ['a purpose', circle(a), { ...circle(a), purpose: { en: 'Why' } }, true],
  ]
  for (const [name, before, after, needed] of cases) {
    t.equal(needsSecondPerson({ kind: 'group', before, after }), needed, name)
  }
})
