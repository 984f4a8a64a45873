import t from 'tap'
import { namedTargetsOf } from '../src/citations.ts'

const iss = 'https://a.institute.example'
const record = { iss, record: 'A'.repeat(43) }
const finding = { iss, finding: '01890a5d-ac96-774b-bcce-b302099a8057' }

t.test('a record names the targets of its relations, but not what it withdraws or marks', async (t) => {
  const rel = [
    { kind: 'derived-from', target: record },
    { kind: 'withdraws', target: record },
    { kind: 'remarks', target: record },
    { kind: 'disputes', target: finding },
  ] as const
  t.same(namedTargetsOf({ rel }, undefined), [
    { target: record, inBody: false },
    { target: finding, inBody: false },
  ])
})

t.test('a record names the sources in its body that are records, whatever else stands there', async (t) => {
  const cites = [{ title: 'A report' }, { title: 'x', target: record }, null, { target: { iss, record: 'short' } }, 7]
  t.same(namedTargetsOf({ rel: [] }, { cites }), [{ target: record, inBody: true }])
  for (const body of [null, 7, 'text', {}, { cites: {} }]) t.same(namedTargetsOf({ rel: [] }, body), [])
})
