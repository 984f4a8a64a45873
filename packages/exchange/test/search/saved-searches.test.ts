import t from 'tap'
import { deleteSearch, listSearches, savedAtMost, saveSearch } from '../../src/search/saved-searches.ts'
import { call, openInstitute } from '../support/institute.ts'

t.test('saved searches', async (t) => {
  const { deps } = await openInstitute(t)
  const save = (name: string, actor = 'ada') =>
    saveSearch(deps, { name, filters: { q: 'a b', year: 2026 } }, call(actor))

  await t.test('are kept with the paths at which they are asked, fed and taken along', async (t) => {
    const saved = await save('Refusals')
    t.same(saved.paths, {
      search: '/v1/search?q=a+b&year=2026',
      feed: '/v1/search/feed?q=a+b&year=2026',
      csv: '/v1/search/export?q=a+b&year=2026&format=csv',
      jsonl: '/v1/search/export?q=a+b&year=2026&format=jsonl',
    })
    t.same(await listSearches(deps, 'ada'), [saved])
    t.same(saved.filters, { q: 'a b', year: 2026 })
  })

  await t.test('are nobody else’s business', async (t) => {
    const { id } = await save('Mine', 'eve')
    t.same(
      (await listSearches(deps, 'ada')).map(({ name }) => name),
      ['Refusals'],
    )
    await t.rejects(deleteSearch(deps, 'ada', id), { code: 'not-found' })
    await deleteSearch(deps, 'eve', id)
    t.same(await listSearches(deps, 'eve'), [])
    await t.rejects(deleteSearch(deps, 'eve', id), { code: 'not-found' })
  })

  await t.test('are saved once for a key, and have one name each', async (t) => {
    const once = call('bob')
    const asked = { name: 'Twice', filters: { q: 'x' } }
    t.same(await saveSearch(deps, asked, once), await saveSearch(deps, asked, once))
    await t.rejects(saveSearch(deps, { ...asked, name: 'Other' }, once), { code: 'idempotency-mismatch' })
    await t.rejects(save('Twice', 'bob'), { code: 'conflict' })
    t.equal((await listSearches(deps, 'bob')).length, 1)
  })

  await t.test('are so many at most, however many are saved at the same time', async (t) => {
    for (let i = 0; i < savedAtMost - 2; i++) await save(`search ${i}`, 'carol')
    const both = await Promise.allSettled([1, 2, 3, 4].map((i) => save(`at once ${i}`, 'carol')))
    t.equal(both.filter(({ status }) => status === 'fulfilled').length, 2)
    t.equal((await listSearches(deps, 'carol')).length, savedAtMost)
  })
})
