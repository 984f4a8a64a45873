import t from 'tap'
import { encodeBody, type Marking, markOfChange, type Statement, verifyBody } from '../../src/index.ts'
import { marking } from '../../src/records/marking.ts'
import { bytesOf, finding } from '../support/institute.ts'
import { verdictOf } from '../support/refusal.ts'

const iss = 'https://a.example'
const target = { iss, record: bytesOf('target', 32) }
const clear: Marking = { tlp: 'CLEAR', relay: 'any' }
const green: Marking = { tlp: 'GREEN', relay: 'none' }
const amber = (which: string): Marking => ({
  tlp: 'AMBER',
  relay: 'none',
  group: { iss, finding: finding.slice(0, -1) + which },
})

function verdict(content: object, rel: Statement['rel'] = [{ kind: 'remarks', target }]): string {
  return verdictOf(() => {
    const salt = bytesOf('salt', 32)
    const { text, digest, size, mediaType } = encodeBody('marking', content as never, { iss, salt })
    const body = { digest, size, type: mediaType }
    const fixed = { v: 1, log: 'a.example/log/1', finding, version: 1, iat: 1, lang: 'en' } as const
    verifyBody({ ...fixed, iss, type: 'marking', nonce: bytesOf('nonce', 16), mark: green, rel, body }, text)
  })
}

t.test('a marking record', async (t) => {
  t.test('gives a whole marking, held to the rules of any', async (t) => {
    t.equal(verdict({ mark: clear }), 'accepted')
    t.equal(verdict({ mark: amber('1'), reason: { en: 'The developer asked for time.' } }), 'accepted')
    t.equal(verdict({}), 'SCHEMA')
    t.equal(verdict({ mark: { tlp: 'AMBER', relay: 'none' } }), 'MARKING')
    t.equal(verdict({ mark: { ...green, audience: 'all' } }), 'SCHEMA')
  })

  t.test('names exactly one record of its own institute', async (t) => {
    t.equal(verdict({ mark: clear }, []), 'SCHEMA')
    t.equal(verdict({ mark: clear }, Array(2).fill({ kind: 'remarks', target })), 'SCHEMA')
    t.equal(verdict({ mark: clear }, [{ kind: 'remarks', target: { ...target, iss: 'https://b.example' } }]), 'SCHEMA')
    t.equal(verdict({ mark: clear }, [{ kind: 'remarks', target: { iss, finding } }]), 'SCHEMA')
  })

  t.test('is itself marked for those who may read its target before and after', async (t) => {
    t.same(markOfChange(clear, green), green, 'narrowed')
    t.same(markOfChange(green, clear), green, 'widened')
    t.same(markOfChange(amber('1'), amber('2')), amber('1'), 'moved: the right to the target decides besides')
  })

  t.test('is found by its label', async (t) => {
    t.same(marking.describe({ mark: clear }), { title: { en: 'Marked CLEAR' }, text: [], facets: { tlp: 'CLEAR' } })
  })
})
