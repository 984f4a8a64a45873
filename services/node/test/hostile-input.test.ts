import { hash, randomUUID } from 'node:crypto'
import { api, type RouteContract } from '@concordance/protocol'
import fc from 'fast-check'
import t from 'tap'
import { startTestNode } from './support/node.ts'
import { observation } from './support/observation.ts'
import { send } from './support/send.ts'

const rates = { address: 1e9, public: 1e9, peer: 1e9, person: 1e9, federated: 1e9, export: 1e9 }

t.test('hostile input', async (t) => {
  const node = await startTestNode(t, { file: { rates } })
  const token = await node.token('read', 'draft', 'publish', 'operate')
  const authorization = `Bearer ${token}`
  const key = () => ({ authorization, 'idempotency-key': randomUUID() })
  const post = (body: string) => send(node.url, { method: 'POST', path: '/v1/records', headers: key(), body })
  const count = async () => {
    const { rows } = await node.deps.pool.query(
      'select (select count(*) from entry) as entries, (select count(*) from draft) as drafts, (select count(*) from audit where act <> $1) as acts',
      ['token.create'],
    )
    return rows[0]
  }

  await t.test('in a body is refused and changes nothing', async (t) => {
    const honest = JSON.stringify(observation('honest', 'RED'))
    const before = await count()
    const bodies: Record<string, string> = {
      'a member that stands twice': honest.replace('{', '{"type":"evaluation",'),
      'a member __proto__': honest.replace('"content":{', '"content":{"__proto__":{"country":"XX"},'),
      'a member __proto__ at the top': honest.replace('{', '{"__proto__":{"version":9},'),
      'a member constructor': honest.replace('{', '{"constructor":{"prototype":{"x":1}},'),
      'arrays 40 deep': honest.replace('"KE"', `${'['.repeat(40)}${']'.repeat(40)}`),
      'arrays 100,000 deep': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      'U+0000': honest.replace('honest', '\\u0000'),
      'a lone surrogate': honest.replace('honest', '\\ud800'),
      'a byte order mark': `\ufeff${honest}`,
      'a number that overflows': honest.replace('{', '{"version":1e400,'),
      'a version that is no integer': honest.replace('{', '{"version":1.5,'),
      'a negative version': honest.replace('{', '{"version":-1,'),
      'a finding that is SQL': honest.replace('{', `{"finding":"'; drop table entry; --",`),
      'a record type that does not exist': honest.replace('"observation"', '"nonsense"'),
      'a record type of ours alone': honest.replace('"observation"', '"keyset"'),
      'a record type named constructor': honest.replace('"observation"', '"constructor"'),
      'a list for an object': `[${honest}]`,
      null: 'null',
      'nothing but space': '   ',
    }
    for (const [name, body] of Object.entries(bodies)) {
      const { status } = await post(body)
      t.ok(status >= 400 && status < 500, `${name}: ${status}`)
    }
    t.same(await count(), before)
    t.equal((await post(honest)).status, 201, 'the honest twin')
  })

  await t.test('in a search is searched for, or refused', async (t) => {
    const words = [
      "'",
      '"',
      '\\',
      '%',
      '_',
      ':*',
      '!',
      '&|',
      '<->',
      '(((',
      "a' or 1=1",
      '\u0000',
      '\ud800',
      '\u202e',
      '🜁',
      ' ',
      '-',
      '*',
      'a'.repeat(200),
    ]
    for (const q of words) {
      const { status } = await send(node.url, { path: `/v1/search?q=${encode(q)}`, headers: { authorization } })
      t.ok(status === 200 || status === 422, `${JSON.stringify(q)}: ${status}`)
    }
  })

  await t.test('of any kind, on any operation, is never a failure of ours', async (t) => {
    const before = await count()
    const routes = Object.values(api).filter(({ operationId }) => operationId !== 'syncNow') as RouteContract[]
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '0',
        '-1',
        '1e9',
        '9007199254740993',
        'null',
        '..',
        '%00',
        '%2e%2e%2f',
        '*',
        'true',
        randomUUID(),
      ),
    )
    const request = fc.record({
      route: fc.constantFrom(...routes),
      parameter: piece,
      query: fc.array(
        fc.tuple(fc.constantFrom('q', 'limit', 'from', 'cursor', 'iss', 'size', 'record', 'wait', '__proto__'), piece),
        { maxLength: 3 },
      ),
      body: fc.option(fc.oneof(fc.json({ maxDepth: 4 }), fc.string({ unit: 'binary' }))),
      tag: fc.constantFrom('"1"', '*', 'x', '"99999999999"'),
    })
    type Asked = typeof request extends fc.Arbitrary<infer Value> ? Value : never
    const ask = async ({ route, parameter, query, body, tag }: Asked) => {
      const path = route.url.replaceAll(/:\w+/g, encode(parameter) || 'x')
      const search = query.map(([name, value]) => `${name}=${encode(value)}`).join('&')
      const target = search ? `${path}?${search}` : path
      const { status } = await send(node.url, {
        method: route.method,
        path: target,
        headers: await headersFor(route, target, { tag, body }),
        ...(body !== null && route.method !== 'GET' && { body }),
      })
      t.ok(status < 500, `${route.method} ${target}: ${status}`)
    }
    const headersFor = async (route: RouteContract, target: string, { tag, body }: Pick<Asked, 'tag' | 'body'>) =>
      route.access === 'peer'
        ? node.peer.headers(target, {
            htm: route.method,
            bdg: hash('sha256', route.method === 'GET' ? '' : (body ?? ''), 'base64url'),
          })
        : { ...key(), 'if-match': tag }
    await fc.assert(fc.asyncProperty(request, ask), { numRuns: 400, seed: 20_250_402 })
    const after = await count()
    t.same({ ...after, drafts: before.drafts }, before, 'nothing was appended and nothing done')
  })
})

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
