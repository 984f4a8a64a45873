import t from 'tap'
import { localize } from '../src/localize.ts'
import { markOf } from '../src/mark.ts'
import { setPointer } from '../src/set-pointer.ts'

t.test('setting a place by JSON pointer', async (t) => {
  const draft = { a: { b: [1, 2] }, 'x/y': 0 }
  t.same(setPointer(draft, '/a/b/1', 9), { a: { b: [1, 9] }, 'x/y': 0 })
  t.same(setPointer(draft, '/a/b/-', 3), { a: { b: [1, 2, 3] }, 'x/y': 0 }, 'appends to a list')
  t.same(setPointer(draft, '/c/d', 1), { ...draft, c: { d: 1 } }, 'makes objects on the way')
  t.same(setPointer(draft, '/x~1y', 1), { ...draft, 'x/y': 1 }, 'unescapes')
  t.same(draft, { a: { b: [1, 2] }, 'x/y': 0 }, 'leaves the original as it is')
  const polluted = setPointer({}, '/__proto__/polluted', true)
  t.equal(({} as { polluted?: boolean }).polluted, undefined, 'reaches no prototype')
  t.ok(Object.hasOwn(polluted as object, '__proto__'))
  for (const place of ['/a/b/7', '/a/b/x', '/x~1y/z'])
    t.throws(() => setPointer(draft, place, 1), { code: 'USAGE' }, place)
})

t.test('texts by language', async (t) => {
  t.same(localize(['An Institute', 'fr:Un institut']), { en: 'An Institute', fr: 'Un institut' })
  t.same(localize(['https://a.example']), { en: 'https://a.example' }, 'a scheme is no language')
})

t.test('a label stands for its narrowest marking', async (t) => {
  t.same(markOf('clear'), { tlp: 'CLEAR', relay: 'any' })
  t.same(markOf('TLP:GREEN'), { tlp: 'GREEN', relay: 'none' })
  t.same(markOf('AMBER', 'https://a.example 01890a5d'), {
    tlp: 'AMBER',
    relay: 'none',
    group: { iss: 'https://a.example', finding: '01890a5d' },
  })
  t.throws(() => markOf('AMBER'), { code: 'USAGE' }, 'AMBER needs a group')
  t.throws(() => markOf('RED', 'https://a.example x'), { code: 'USAGE' }, 'RED takes none')
})
