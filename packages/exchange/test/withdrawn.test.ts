import t from 'tap'
import type { Viewer } from '../src/access/may-open.ts'
import { feedSearch } from '../src/export/search-feed.ts'
import { projectAll } from '../src/projection/start-projection.ts'
import { listWithdrawn } from '../src/withdrawn.ts'
import { append } from './support/append.ts'
import { marks, observation } from './support/content.ts'
import { openInstitute, start } from './support/institute.ts'

const everybody: Viewer = { kind: 'public' }
const staff: Viewer = { kind: 'person', subject: 'ada', staff: true }

t.test('records that were taken back', async (t) => {
  const { deps, iss, clock } = await openInstitute(t)
  const takeBack = async (record: string, mark: (typeof marks)['clear' | 'green']) =>
    append(deps, {
      type: 'withdrawal',
      mark,
      content: { reason: 'error' },
      rel: [{ kind: 'withdraws', target: { iss, record } }],
    })
  const kept = await append(deps, { mark: marks.clear, content: observation('kept walrus') })
  const first = await append(deps, { mark: marks.clear, content: observation('secret walrus') })
  clock.seconds += 86_400
  const second = await append(deps, { mark: marks.clear, content: observation('another') })
  const green = await append(deps, { mark: marks.green, content: observation('green walrus') })
  clock.seconds += 100
  await takeBack(second.recordId, marks.clear)
  clock.seconds += 100
  await takeBack(first.recordId, marks.green)
  await takeBack(green.recordId, marks.green)
  await projectAll(deps)

  const list = async (viewer: Viewer, filters: Parameters<typeof listWithdrawn>[2] = {}) =>
    (await listWithdrawn(deps, viewer, filters, 50)).map(({ record, when }) => [record.recordId, when - start])

  await t.test('are listed by when that was, as far as the viewer may know of it', async (t) => {
    t.same(await list(staff), [
      [green.recordId, 86_600],
      [first.recordId, 86_600],
      [second.recordId, 86_500],
    ])
    t.same(
      await list(everybody),
      [
        [second.recordId, 86_500],
        [first.recordId, 0],
      ],
      'the withdrawal of the first is closed to the public, so its time is not told',
    )
  })

  await t.test('are narrowed by what stands in the statement', async (t) => {
    const ids = async (filters: Parameters<typeof listWithdrawn>[2]) => (await list(staff, filters)).map(([id]) => id)
    const all = [green.recordId, first.recordId, second.recordId]
    t.same(await ids({ iss, type: 'observation', status: 'current' }), all)
    t.same(await ids({ iss: 'https://nobody.example' }), [])
    t.same(await ids({ type: 'evaluation' }), [])
    t.same(await ids({ tlp: 'GREEN' }), [green.recordId])
    const day = new Date(start * 1_000).toISOString().slice(0, 10)
    t.same(await ids({ until: day }), [first.recordId])
    t.same(await ids({ since: day }), all)
    t.same(await ids({ year: Number(day.slice(0, 4)) }), all)
    t.same(await ids({ year: 2001 }), [])
    await t.rejects(ids({ since: '2026-13-01' }), { code: 'invalid' })
  })

  await t.test('have tombstones in a feed that are the same whatever words of a closed body it asks for', async (t) => {
    const tombstones = async (q: string) =>
      [...(await feedSearch(deps, everybody, { q })).text.matchAll(/deleted-entry ref="([^"]+)"/g)].map(
        ([, ref]) => ref,
      )
    t.same(await tombstones('secret'), await tombstones('nowhere'))
    t.equal((await tombstones('secret')).length, 2)
  })

  await t.test('are no entries of a feed, while what was not taken back is', async (t) => {
    const { text } = await feedSearch(deps, everybody, { q: 'walrus' })
    t.same(
      [...text.matchAll(/<entry>\n<id>([^<]+)/g)].map(([, id]) => id),
      [`urn:concordance:record:${kept.recordId}`],
    )
    t.notMatch(text, /secret/)
    const all = (await feedSearch(deps, everybody, {})).text
    t.equal(all.match(new RegExp(`<id>urn:concordance:record:${first.recordId}`, 'g')), null)
  })
})
