import { randomUUID } from 'node:crypto'
import { projectAll } from '@concordance/exchange'
import t from 'tap'
import { append } from '../../../packages/exchange/test/support/append.ts'
import { marks, observation } from '../../../packages/exchange/test/support/content.ts'
import { evaluation } from '../../../packages/exchange/test/support/evaluation.ts'
import { startTestNode } from './support/node.ts'
import { send } from './support/send.ts'

t.test('what is taken away', async (t) => {
  const node = await startTestNode(t)
  const { deps } = node
  const clear = await append(deps, { mark: marks.clear, type: 'evaluation', content: evaluation() })
  const green = await append(deps, { mark: marks.green, content: observation('=1+1 walrus') })
  const late = await append(deps, {
    mark: { ...marks.clear, embargoUntil: Math.floor(Date.now() / 1_000) + 3_600 },
    content: observation('late walrus'),
  })
  const gone = await append(deps, { mark: marks.clear, content: observation('gone walrus') })
  const rel = [{ kind: 'withdraws', target: { iss: deps.identity.iss, record: gone.recordId } }] as const
  await append(deps, { type: 'withdrawal', mark: marks.clear, content: { reason: 'error' }, rel })
  await projectAll(deps)
  const authorization = `Bearer ${await node.token('read')}`
  const asStaff = (path: string) => send(node.url, { path, headers: { authorization } })
  const asPublic = (path: string) => send(node.url, { path })

  await t.test('is a file under a fixed name that nobody keeps in a cache, and no browser shows', async (t) => {
    const files: Readonly<Record<string, [mediaType: string, fileName: string]>> = {
      [`/v1/records/${clear.recordId}/citation`]: ['text/plain', 'citation.txt'],
      [`/v1/records/${clear.recordId}/citation?style=bibtex`]: ['application/x-bibtex', 'citation.bib'],
      [`/v1/records/${clear.recordId}/citation?style=ris`]: ['application/x-research-info-systems', 'citation.ris'],
      [`/v1/records/${clear.recordId}/citation?style=csl-json`]: [
        'application/vnd.citationstyles.csl+json',
        'citation.json',
      ],
      [`/v1/records/${clear.recordId}/json-ld`]: ['application/ld+json', 'record.jsonld'],
      '/v1/search/export?format=csv&q=walrus': ['text/csv', 'concordance-search.csv'],
      '/v1/search/export?format=jsonl': ['application/x-ndjson', 'concordance-search.jsonl'],
      '/v1/search/feed?q=walrus': ['application/atom+xml', 'concordance-search.atom'],
    }
    for (const [path, [mediaType, fileName]] of Object.entries(files)) {
      const { status, headers } = await asStaff(path)
      t.equal(status, 200, path)
      t.equal(headers['content-type'], `${mediaType}; charset=utf-8`)
      t.equal(headers['content-disposition'], `attachment; filename="${fileName}"`)
      t.equal(headers['cache-control'], 'no-store')
      t.equal(headers['x-content-type-options'], 'nosniff')
      t.match(headers['content-security-policy'], /default-src 'none'/)
    }
  })

  await t.test('is not there, for a record that is closed, as for one that never was', async (t) => {
    for (const what of ['citation', 'json-ld']) {
      const closed = await asPublic(`/v1/records/${green.recordId}/${what}`)
      const never = await asPublic(`/v1/records/${'A'.repeat(43)}/${what}`)
      t.equal(closed.status, 404)
      t.same({ ...closed.json(), instance: '' }, { ...never.json(), instance: '' })
    }
    t.equal((await asStaff(`/v1/records/${green.recordId}/citation`)).status, 200, 'while staff cite it')
  })

  await t.test('as JSON-LD is for what everybody may read alone', async (t) => {
    const codeOf = async (id: string) => (await asStaff(`/v1/records/${id}/json-ld`)).json().code
    t.equal(await codeOf(green.recordId), 'not-acceptable')
    t.equal(await codeOf(late.recordId), 'not-acceptable', 'an embargo runs')
    t.equal(await codeOf(gone.recordId), 'gone')
    const described = (await asPublic(`/v1/records/${clear.recordId}/json-ld`)).json<{ '@type': string }>()
    t.equal(described['@type'], 'Dataset')
  })

  await t.test('tells by filters what is meant, and refuses what is none', async (t) => {
    const refused = [
      '/v1/search/export',
      '/v1/search/export?format=xlsx',
      '/v1/search/export?format=csv&unknown=1',
      '/v1/search/export?format=csv&cursor=x',
      '/v1/search/feed?format=csv',
      '/v1/search/feed?year=soon',
      '/v1/search/feed?since=2026-13-45',
      `/v1/records/${clear.recordId}/citation?style=word`,
      '/v1/records/short/citation',
    ]
    for (const path of refused) t.equal((await asStaff(path)).json().code, 'invalid', path)
    const { text } = await asStaff('/v1/search/export?format=csv&q=walrus&tlp=GREEN')
    t.match(text, green.recordId)
    t.match(text, `"'=1+1 walrus"`)
    t.notMatch(text, clear.recordId)
  })

  await t.test('is of few exports a minute, for each caller', async (t) => {
    const few = await startTestNode(t, { file: { rates: { export: 2 } } })
    const path = '/v1/search/export?format=csv'
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await send(few.url, { path })).status)
    t.same(statuses, [200, 200, 429])
    const headers = { authorization: `Bearer ${await few.token('read')}` }
    t.equal((await send(few.url, { path, headers })).status, 200, 'others go on')
    t.equal((await send(few.url, { path: '/v1/search/feed' })).status, 200, 'and a feed is no export')
  })
})

t.test('saved searches', async (t) => {
  const node = await startTestNode(t)
  const as = async (subject: string) => {
    const authorization = `Bearer ${await node.tokenOf(subject, 'read')}`
    return {
      save: (body: unknown, key = randomUUID()) =>
        send(node.url, {
          method: 'POST',
          path: '/v1/searches',
          headers: { authorization, 'idempotency-key': key },
          body,
        }),
      list: async () =>
        (await send(node.url, { path: '/v1/searches', headers: { authorization } })).json<Listed>().items,
      ask: (path: string) => send(node.url, { path, headers: { authorization } }),
      forget: (id: string) =>
        send(node.url, { method: 'DELETE', path: `/v1/searches/${id}`, headers: { authorization } }),
    }
  }
  const [ada, eve] = [await as('ada'), await as('eve')]

  await t.test('are asked again at the paths that came with them', async (t) => {
    const saved = await ada.save({
      name: 'Swahili',
      filters: { q: '"kukataa" refusal', year: 2026, tlp: 'AMBER+STRICT' },
    })
    t.equal(saved.status, 201)
    const { paths } = saved.json<Saved>()
    for (const path of Object.values(paths)) t.equal((await ada.ask(path)).status, 200, path)
  })

  await t.test('are seen and deleted by whoever saved them, and by nobody else', async (t) => {
    const [{ id } = { id: '' }] = await ada.list()
    t.same(await eve.list(), [])
    t.equal((await eve.forget(id)).status, 404)
    t.equal((await ada.forget(id)).status, 204)
    t.same(await ada.list(), [])
  })

  await t.test('hold filters of a search and nothing else', async (t) => {
    const bodies = [
      {},
      { name: 'x' },
      { name: '', filters: {} },
      { name: '   ', filters: {} },
      { name: 'x'.repeat(101), filters: {} },
      { name: 'x', filters: { q: '' } },
      { name: 'x', filters: { cursor: 'x' } },
      { name: 'x', filters: { year: '2026' } },
      { name: 'x', filters: {}, subject: 'eve' },
      { name: 'x\u0000', filters: {} },
      { name: 'x', filters: [] },
    ]
    for (const body of bodies) t.equal((await ada.save(body)).status, 422, JSON.stringify(body))
    t.same(await ada.list(), [])
    t.equal((await ada.save({ name: 'everything', filters: {} })).status, 201, 'the honest twin')
    t.equal((await ada.save({ name: 'everything', filters: {} })).json().code, 'conflict')
  })
})

interface Saved {
  readonly id: string
  readonly paths: Readonly<Record<string, string>>
}

interface Listed {
  readonly items: readonly Saved[]
}
