import t from 'tap'
import type { Viewer } from '../../src/access/may-open.ts'
import { exportSearch } from '../../src/export/export-search.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { append, appendGroup } from '../support/append.ts'
import { marks, observation } from '../support/content.ts'
import { openInstitute, start } from '../support/institute.ts'

const everybody: Viewer = { kind: 'public' }
const staff: Viewer = { kind: 'person', subject: 'eve', staff: true }

t.test('an export of a search', async (t) => {
  const { deps, iss } = await openInstitute(t)
  const { circle } = await appendGroup(deps, [{ iss: 'https://b.institute.example' }])
  const amber = { tlp: 'AMBER', relay: 'none', group: circle } as const
  for (let i = 0; i < 203; i++) await append(deps, { mark: marks.clear, content: observation(`plenty ${i}`) })
  await append(deps, { mark: amber, content: observation('plenty and closed') })
  await append(deps, { mark: marks.red, content: observation('plenty of red'), readers: ['eve'] })
  await projectAll(deps)

  const take = async (viewer: Viewer, q: string, format: 'csv' | 'jsonl' = 'jsonl') => {
    const { pieces } = await exportSearch(deps, viewer, { filters: { q }, format, sort: 'newest' })
    const all: string[] = []
    for await (const piece of pieces) all.push(piece)
    return all
  }
  const linesOf = (pieces: readonly string[]) =>
    pieces
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))

  await t.test('holds everything that is open to whoever asks, over all its pages, once', async (t) => {
    const lines = linesOf(await take(everybody, 'plenty'))
    t.match(lines.pop(), { end: { records: 203, complete: true, marking: 'TLP:CLEAR', filters: { q: 'plenty' }, iss } })
    t.equal(new Set(lines.map(({ recordId }) => recordId)).size, 203)
    const staffLines = linesOf(await take(staff, 'plenty'))
    t.match(staffLines.pop(), { end: { records: 205, marking: 'TLP:RED' } })
  })

  await t.test('reads no page before the one before it was taken', async (t) => {
    const { pieces } = await exportSearch(deps, everybody, {
      filters: { q: 'plenty' },
      format: 'jsonl',
      sort: 'newest',
    })
    const reader = pieces[Symbol.asyncIterator]()
    await reader.next()
    await reader.next()
    await append(deps, { mark: marks.clear, content: observation('plenty of late ones') })
    await projectAll(deps)
    const { value } = await reader.next()
    t.equal(linesOf([value]).length, 3, 'what came meanwhile stands before what was read and moves nothing')
  })

  await t.test('that is cut says so, and one that is not says that too', async (t) => {
    const { pieces } = await exportSearch(deps, everybody, { filters: { q: 'plenty' }, format: 'csv', atMost: 201 })
    let file = ''
    for await (const piece of pieces) file += piece
    const lines = file.trimEnd().split('\r\n')
    t.equal(lines.length, 1 + 201 + 1)
    t.match(lines.at(-1), /^"end","TLP:CLEAR".*"cut after 201 records: more match/)
    t.match((await take(everybody, 'plenty', 'csv')).at(-1), /"all 204 records that match and are open to you/)
  })

  await t.test('with nothing in it says that nothing open matches, whatever is closed', async (t) => {
    t.strictSame(await take(everybody, 'closed', 'csv'), await take(everybody, 'nowhere', 'csv'))
    t.match((await take(everybody, 'closed', 'csv')).at(-1), /"nothing open to you matches/)
    t.equal(linesOf(await take(staff, 'closed')).length, 2, 'while staff have it')
  })

  await t.test('by a person stands in the audit trail, without what was searched for', async (t) => {
    const trail = () => deps.db.selectFrom('audit').selectAll().where('act', '=', 'search.export').execute()
    const before = (await trail()).length
    await exportSearch(deps, everybody, { filters: { q: 'plenty' }, format: 'csv' })
    t.equal((await trail()).length, before, 'nobody knows who the public is')
    const { pieces } = await exportSearch(deps, staff, { filters: { q: 'plenty', type: 'observation' }, format: 'csv' })
    const [line] = (await trail()).slice(before)
    t.match(line, { actor: 'eve', act: 'search.export', detail: { format: 'csv', filters: ['q', 'type'] } })
    t.same(line?.at, new Date(start * 1_000))
    t.notMatch(JSON.stringify(line), /plenty/)
    t.notMatch(JSON.stringify(line), /RED/, 'nor that there is RED in it')
    t.ok(pieces, 'before the first byte is given')
  })
})
