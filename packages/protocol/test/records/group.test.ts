import t from 'tap'
import { encodeBody, type GroupBody, type Marking, verifyBody } from '../../src/index.ts'
import { group } from '../../src/records/group.ts'
import { bytesOf, finding } from '../support/institute.ts'
import { verdictOf } from '../support/refusal.ts'

const iss = 'https://a.example'
const day = 24 * 60 * 60
const mark: Marking = { tlp: 'AMBER', group: { iss, finding }, relay: 'none' }
const snapshot: GroupBody = {
  name: { en: 'Agents circle', ar: 'حلقة الوكلاء' },
  members: [
    { iss, role: 'owner' },
    { iss: 'https://b.example', role: 'member', historyFrom: 1_600_000_000 },
  ],
  validUntil: 7 * day,
}

function verdict(content: object, changes: { mark?: Marking; iat?: number } = {}): string {
  return verdictOf(() => {
    const { text, digest, size, mediaType } = encodeBody('group', content as never, { iss, salt: bytesOf('salt', 32) })
    const fixed = { v: 1, log: 'a.example/log/1', finding, version: 1, iat: 0, lang: 'en', rel: [], mark } as const
    const body = { digest, size, type: mediaType }
    verifyBody({ ...fixed, ...changes, iss, type: 'group', nonce: bytesOf('nonce', 16), body }, text)
  })
}

t.test('a group record', async (t) => {
  t.test('lists its members whole, each once; a group may be empty, and then is nobody', async (t) => {
    t.equal(verdict(snapshot), 'accepted')
    t.equal(verdict({ ...snapshot, members: [] }), 'accepted')
    t.equal(verdict({ ...snapshot, members: [...snapshot.members, { iss, role: 'member' }] }), 'SCHEMA')
    t.equal(verdict({ ...snapshot, members: [{ iss, role: 'guest' }] }), 'SCHEMA')
    t.equal(verdict({ ...snapshot, members: ['https://b.example'] }), 'SCHEMA')
    t.equal(verdict({ ...snapshot, members: [{ iss: 'b.example', role: 'member' }] }), 'SCHEMA')
  })

  t.test('ends within seven days of its statement', async (t) => {
    t.equal(verdict({ ...snapshot, validUntil: 7 * day + 1 }), 'SCHEMA')
    t.equal(verdict({ ...snapshot, validUntil: 7 * day + 1 }, { iat: 1 }), 'accepted')
    t.equal(verdict({ ...snapshot, validUntil: 0 }), 'SCHEMA')
    t.equal(verdict({ ...snapshot, validUntil: undefined }), 'SCHEMA')
  })

  t.test('is marked AMBER for the group itself', async (t) => {
    const others: Marking[] = [
      { tlp: 'GREEN', relay: 'none' },
      { tlp: 'RED', relay: 'none' },
      { ...mark, tlp: 'AMBER+STRICT' },
      { ...mark, embargoUntil: 5 },
      { ...mark, group: { iss: 'https://b.example', finding } },
      { ...mark, group: { iss, finding: finding.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) } },
    ]
    for (const other of others) t.equal(verdict(snapshot, { mark: other }), 'SCHEMA', JSON.stringify(other))
  })

  t.test('is found by its name and its members', async (t) => {
    const { title, facets } = group.describe(snapshot)
    t.same(title, snapshot.name)
    t.same(facets, { member: [iss, 'https://b.example'] })
  })
})
