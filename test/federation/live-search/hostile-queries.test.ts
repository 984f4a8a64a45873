import { hash, randomUUID } from 'node:crypto'
import { appendRecord, projectAll } from '@concordance/exchange'
import { api, type RouteContract } from '@concordance/protocol'
import t from 'tap'
import { observation } from '../../../services/node/test/support/observation.ts'
import { type Answer, send } from '../../../services/node/test/support/send.ts'
import type { MockPeer } from './mock-peer.ts'
import { startWorld } from './world.ts'

/** Longest time one hostile request may take, on a machine that does other things besides. */
const boundMs = 5_000
const mebibyte = 1_024 * 1_024

const operators = [
  '&',
  '|',
  '!',
  '<->',
  '<0>',
  '<16384>',
  '<99999999999>',
  ':*',
  ':A',
  ':*ABCD',
  '()',
  '((((((((',
  '))))',
  "''",
  "'a",
  '\\',
  '\\\\',
]
const syntax = [
  "a' & !b:*",
  "'; drop table record; --",
  "') or 1=1 --",
  '$1',
  '$$',
  '%s%n',
  '{{7*7}}',
  '#{7*7}',
  '"',
  '"""""',
  '"a "b" c',
  '-',
  '--',
  '- -a',
  '-"',
  '-*',
  '*',
  '**',
  'a**',
  '*a*',
  'OR',
  'OR OR OR',
  'a OR',
  'OR a',
  '-a -b -c',
  'AND NOT a',
  'to_tsquery',
  'null',
  'undefined',
  '[object Object]',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '=cmd()',
]
const baits = [
  '(a+)+$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(?=(a+))a*b\\1',
  '[[:alpha:]]',
  '.*.*.*.*=.*',
  `${'a'.repeat(300)}!`,
  `${'"a" '.repeat(99)}`,
]
const characters = [
  '\u0000',
  'a\u0000b',
  '\u202eevil\u202c',
  '\u2066\u2067\u2068a\u2069',
  '\u200f\u061c',
  '\ufeff',
  '\u00ad'.repeat(100),
  '\ufffe\uffff',
  '🜁🜂',
  '👩‍👩‍👧‍👦'.repeat(20),
  `a${'\u0301'.repeat(390)}`,
  'ﷺ'.repeat(100),
  'ﬃ'.repeat(130),
  '漢'.repeat(400),
  'ก'.repeat(400),
  '\u1100'.repeat(200),
  '\u{10ffff}',
  '\u0007\u001b[31m',
  '\r\nset-cookie: a=b',
  '\u2028\u2029',
  'İıſK',
]
const lengths = [
  'a '.repeat(200),
  'a'.repeat(400),
  'a'.repeat(401),
  '-a '.repeat(133),
  '"a b" '.repeat(66),
  'a* '.repeat(133),
  'a OR '.repeat(80),
]
const words = [...operators, ...syntax, ...baits, ...characters, ...lengths]

/** What no answer may hold: markup and controls as they were sent. */
const leaks = ['<script', '\u001b']
/** Words of the database. An answer may repeat them where they were typed, as a feed does in its title. */
const internals = ['syntax error', 'tsquery']

/** Parameters of a query string that are wrong in themselves. */
const parameters = [
  'q=a&q=b',
  'q[]=a',
  'q[a][b][c][d][e][f]=1',
  'filters[q]=a',
  'filters=%7B%22q%22%3A%22a%22%7D',
  '__proto__=1',
  '__proto__[q]=1',
  'constructor.prototype.q=1',
  'limit=-1',
  'limit=0',
  'limit=1e9',
  'limit=NaN',
  'limit=9007199254740993',
  'limit=',
  'budgetMs=0',
  'budgetMs=-5',
  'budgetMs=1e99',
  'budgetMs=999999999',
  'granularity=everything',
  'label=PINK',
  'label=RED&label=CLEAR',
  'federated=1',
  'federated=TRUE',
  'facets=maybe',
  'sort=random()',
  'sort=newest;drop',
  'cursor=AAAA',
  `cursor=${'A'.repeat(399)}`,
  'cursor=%00',
  'iss=javascript:alert(1)',
  'iss=https://',
  `iss=https://${'a'.repeat(199)}`,
  'year=0',
  'year=99999',
  'since=2026-02-30',
  'since=0000-00-00',
  'until=9999-99-99',
  'since=2026-01-01T00:00:00Z',
  'language=x',
  'type=../observation',
  'subject=%00',
  `subject=${'s'.repeat(301)}`,
  'tlp=AMBER%2BSTRICT%00',
  'status=anything',
  'q=%ff%fe',
  'q=%',
  'q=%zz',
  '%00=1',
  '=',
  '&&&&',
]

/** What a route cannot do without, or would take long without. */
const neededBy: Readonly<Record<string, string>> = {
  [api.streamSearch.url]: '&budgetMs=500',
  [api.exportSearch.url]: '&format=csv',
}

t.test('hostile queries', async (t) => {
  const { node, peers } = await startWorld(t, ['oslo'])
  const [oslo] = peers as [MockPeer]
  await appendRecord(node.deps, observation('A quetzal was seen.', 'GREEN'), {
    actor: 'ada',
    idempotencyKey: randomUUID(),
  })
  await projectAll(node.deps)
  const authorization = `Bearer ${await node.token('read')}`
  const took: number[] = []

  const hold = async (what: string, ask: () => Promise<Answer>) => {
    const started = performance.now()
    const { status, text } = await ask()
    const tookMs = performance.now() - started
    took.push(tookMs)
    const isSilent = ![...leaks, ...internals.filter((word) => !what.includes(word))].some((leak) =>
      text.includes(leak),
    )
    const isHeld = status < 500 && tookMs <= boundMs && isSilent
    if (!isHeld) t.fail(`${what}: ${status} in ${Math.round(tookMs)} ms: ${text.slice(0, 200)}`)
    return status
  }
  const get = (path: string) => send(node.url, { path, headers: { authorization } })
  const post = async (body: unknown) => {
    const payload = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = await oslo.headers('/v1/search', { htm: 'POST', bdg: hash('sha256', payload, 'base64url') })
    return send(node.url, { method: 'POST', path: '/v1/search', headers, body: payload })
  }
  const question = (changes: object) => ({
    queryId: 'hostile-question',
    budgetMs: 4_000,
    granularity: 'full',
    for: 'staff',
    label: 'AMBER',
    filters: { q: 'quetzal' },
    ...changes,
  })
  const listing = (Object.values(api) as RouteContract[]).filter(
    ({ method, url, schema }) =>
      method === 'GET' && !url.includes(':') && schema.querystring?.properties.q !== undefined,
  )

  for (const { url } of listing) {
    await t.test(`to GET ${url} are searched for, or refused`, async (t) => {
      const before = took.length
      const statuses = new Set<number>()
      const needed = neededBy[url] ?? ''
      for (const q of words)
        statuses.add(await hold(`${url} q=${JSON.stringify(q)}`, () => get(`${url}?q=${encode(q)}${needed}`)))
      for (const text of parameters) statuses.add(await hold(`${url}?${text}`, () => get(`${url}?${text}${needed}`)))
      await hold(`${url} 1 MiB`, () => get(`${url}?q=${'a'.repeat(mebibyte)}`)).catch(() => t.pass('the line was cut'))
      t.ok(took.length - before >= 100, `${took.length - before} requests`)
      t.ok(statuses.has(200) && statuses.has(422), [...statuses].join())
    })
  }

  await t.test('to a federated search are put to the peers as they are, or refused', async (t) => {
    const [before, heard] = [took.length, oslo.heard.length]
    for (const q of words) {
      await hold(`federated ${JSON.stringify(q)}`, () => get(`/v1/search?q=${encode(q)}&federated=true&budgetMs=500`))
    }
    t.ok(took.length - before >= 80)
    const asked = oslo.heard.slice(heard)
    t.ok(asked.length > 50, 'most can be asked')
    t.ok(asked.every(({ question }) => Object.keys(question.filters).every((name) => name === 'q')))
  })

  await t.test('of a peer are answered, or refused', async (t) => {
    const statuses = new Set<number>()
    for (const q of words) {
      statuses.add(await hold(`POST ${JSON.stringify(q)}`, () => post(question({ filters: { q: q.toWellFormed() } }))))
    }
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    const text = JSON.stringify(question({}))
    const bodies: unknown[] = [
      ...[null, 1, 'q', [], {}, [question({})], true].map((body) => JSON.stringify(body)),
      question({ filters: null }),
      question({ filters: 'q' }),
      question({ filters: ['q'] }),
      question({ filters: { q: { $ne: '' } } }),
      question({ filters: { q: ['a'] } }),
      question({ filters: { q: 7 } }),
      question({ filters: { tlp: {} } }),
      question({ filters: { year: '2026' } }),
      JSON.stringify(question({ filters: { year: 2026 } })).replace('2026', '1e400'),
      question({ filters: { unknown: 1 } }),
      question({ limit: '5' }),
      question({ limit: 51 }),
      question({ limit: -1 }),
      question({ budgetMs: 30_001 }),
      question({ budgetMs: 0.5 }),
      question({ granularity: ['full'] }),
      question({ label: 'red' }),
      question({ for: 'everybody' }),
      question({ accepts: 'RED' }),
      question({ queryId: '../../x' }),
      question({ queryId: 'x'.repeat(mebibyte) }),
      text.replace('"quetzal"', nested(31)),
      text.replace('"quetzal"', nested(10_000)),
      text.replace('"filters":{', '"filters":{"__proto__":{"q":"a"},'),
      text.replace('{"queryId"', '{"queryId":"twice-and-again","queryId"'),
      text.replace('quetzal', '\\u0000'),
      text.replace('quetzal', '\\ud800'),
      text.replace('quetzal', 'a'.repeat(mebibyte)),
      `${text}${' '.repeat(mebibyte)}`,
      `\ufeff${text}`,
      text.slice(0, -1),
    ]
    for (const body of bodies) statuses.add(await hold(`POST ${String(body).slice(0, 80)}`, () => post(body)))
    t.ok(statuses.has(200) && statuses.has(422), [...statuses].join())
    t.ok(words.length + bodies.length >= 100)
  })

  await t.test('for late answers are not found, or refused', async () => {
    for (const id of [
      'x',
      '..',
      '%00',
      '%2e%2e',
      "'",
      randomUUID(),
      'a'.repeat(600),
      '01890a5d-ac96-774b-bcce-b302099a8057%00',
    ]) {
      await hold(`/v1/search/${id}`, () => get(`/v1/search/${id}`))
    }
  })

  await t.test('leave the node as it was: the honest twin is answered', async (t) => {
    t.match((await get('/v1/search?q=quetzal')).json(), { matched: 1 })
    t.match((await get('/v1/search?q=quetzal&federated=true')).json(), { matched: 1, complete: true })
    const { answer } = (await post(question({}))).json<{ answer: string }>()
    t.match(JSON.parse(Buffer.from(answer.split('.')[1] ?? '', 'base64url').toString()), { status: 'ok', matched: 1 })
    const sorted = took.toSorted((a, b) => a - b)
    t.comment(`${took.length} hostile queries, p95 ${Math.round(sorted[Math.floor(took.length * 0.95)] ?? 0)} ms`)
  })
})

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
