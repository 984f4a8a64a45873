import { revokeToken } from '@concordance/exchange'
import t, { type Test } from 'tap'
import { until } from '../../../test/network/until.ts'
import type { Browser } from './support/browser.ts'
import { contentsOf } from './support/contents.ts'
import { baseUrl, startPeople } from './support/people.ts'
import { type Answer, type Outgoing, send } from './support/send.ts'
import { visible } from './support/visible.ts'

const name = '__Host-concordance-session'
/** What was promised of a role or a token that is taken away. */
const soonMs = 5_000
/** What a page of the node itself sends with an act. */
const own = { 'concordance-request': '1', origin: baseUrl, 'sec-fetch-site': 'same-origin' }

t.test('a session', async (t) => {
  const { node, browser } = await startPeople(t)
  const with_ = (cookie: string, path = '/v1/session') => send(node.url, { path, headers: { cookie } })
  const alma = browser()
  await alma.signIn('author')
  const value = alma.cookies.get(name) ?? ''
  const expected = visible(await send(node.url, { path: '/v1/session' }))
  t.equal(expected.status, 401)

  await t.test('is known by its cookie alone, whatever stands beside it', async (t) => {
    t.equal((await with_(`${name}=${value}`)).status, 200)
    t.equal((await with_(`a=b; ${name}=${value}; c=d`)).status, 200)
  })

  await t.test('is refused in every other form, each for the same: one answer, no trace', async (t) => {
    const otto = browser()
    await otto.signIn('operator')
    const api = await node.token('read')
    const before = await contentsOf(node.deps)
    const cases: Record<string, string> = {
      'an empty cookie': `${name}=`,
      'another value': `${name}=${'A'.repeat(43)}`,
      'a shorter value': `${name}=${value.slice(0, -1)}`,
      'a longer value': `${name}=${value}A`,
      'a value in quotes': `${name}="${value}"`,
      'a value with an attribute': `${name}=${value}=; Path=/`,
      'another spelling of its last letter': `${name}=${value.slice(0, -1)}${nextLetter(value)}`,
      'percent-encoded': `${name}=${value.slice(0, -1)}%${value.charCodeAt(42).toString(16)}`,
      'another case of the name': `${name.toLowerCase()}=${value}`,
      'the name for plain http': `concordance-session=${value}`,
      'the name of the other cookie': `__Host-concordance-sign-in=${value}`,
      'the digest that the database holds': `${name}=${(await digests(node.deps)).at(0)}`,
      'an API token': `${name}=${api}`,
      'the same twice': `${name}=${value}; ${name}=${value}`,
      'two sessions': `${name}=${value}; ${name}=${otto.cookies.get(name)}`,
      'one that was planted beside it': `${name}=${'A'.repeat(43)}; ${name}=${value}`,
      SQL: `${name}=' or true --`,
    }
    for (const [title, cookie] of Object.entries(cases)) t.same(visible(await with_(cookie)), expected, title)
    const both = { cookie: `${name}=${value}`, authorization: `Bearer ${api}` }
    t.same(visible(await send(node.url, { path: '/v1/session', headers: both })), expected, 'with a token beside it')
    t.same(await contentsOf(node.deps), before)
    t.equal((await with_(`${name}=${value}`)).status, 200, 'the honest twin')
  })

  await t.test('that does not hold is never taken for none', async (t) => {
    t.equal((await send(node.url, { path: '/v1/records' })).status, 200)
    t.equal((await with_(`${name}=${value}`, '/v1/records')).status, 200)
    t.same(visible(await with_(`${name}=${'A'.repeat(43)}`, '/v1/records')), expected)
  })

  await t.test('never stands for a peer', async (t) => {
    t.equal((await with_(`${name}=${value}`, '/v1/log/entries?from=0')).status, 401)
  })

  await t.test('does what the roles give and no more', async (t) => {
    t.equal((await alma.ask({ path: '/v1/drafts' })).status, 200)
    t.equal((await alma.ask({ path: '/v1/quarantine' })).status, 403)
    t.equal((await alma.ask({ path: '/v1/people' })).status, 403)
  })

  await t.test('ends without requests, and in any case after its time', async (t) => {
    const shift = (column: string, by: string) =>
      node.deps.pool.query(`update session set ${column} = ${column} - $1::interval where ended_at is null`, [by])
    for (const [column, by] of [
      ['last_seen_at', '61 minutes'],
      ['expires_at', '12 hours 1 second'],
    ] as const) {
      const rita = browser()
      await rita.signIn('reader')
      t.equal((await rita.ask({ path: '/v1/session' })).status, 200)
      await shift(column, by)
      await refusedSoon(t, () => rita.ask({ path: '/v1/session' }), column)
    }
  })

  await t.test('stays while it is used', async (t) => {
    const rita = browser()
    await rita.signIn('reader')
    await node.deps.pool.query(`update session set last_seen_at = now() - interval '50 minutes'`)
    t.equal((await rita.ask({ path: '/v1/session' })).status, 200)
    const { rows } = await node.deps.pool.query(
      `select 1 from session where last_seen_at > now() - interval '1 minute'`,
    )
    t.equal(rows.length, 1)
  })
})

t.test('an act with a session cookie', async (t) => {
  const { node, browser } = await startPeople(t)
  const otto = browser()
  await otto.signIn('operator')
  const { items } = (await otto.ask({ path: '/v1/people' })).json<{ items: { id: string }[] }>()
  const act = (headers: Record<string, string>, method = 'POST', path = '/v1/sync') =>
    otto.ask({ method, path, headers, ...(method === 'POST' && path === '/v1/sync' && { body: {} }) })

  await t.test('works from a page of the node', async (t) => {
    t.equal((await act(own)).status, 200)
    t.equal(
      (await act({ 'concordance-request': '1', origin: baseUrl })).status,
      200,
      'a browser without Sec-Fetch-Site',
    )
    t.equal((await act({ 'concordance-request': '1', 'sec-fetch-site': 'same-origin' })).status, 200)
  })

  await t.test('is refused wherever another site could have sent it, and changes nothing', async (t) => {
    const cases: Record<string, Record<string, string>> = {
      'nothing said': {},
      'no header of ours': { origin: baseUrl, 'sec-fetch-site': 'same-origin' },
      'another value of it': { ...own, 'concordance-request': 'true' },
      'our header alone': { 'concordance-request': '1' },
      'another origin': { ...own, origin: 'https://evil.example' },
      'an origin that begins like ours': { ...own, origin: `${baseUrl}.evil.example` },
      'our origin on another port': { ...own, origin: `${baseUrl}:8443` },
      'our origin by plain http': { ...own, origin: baseUrl.replace('https', 'http') },
      'no origin at all': { ...own, origin: 'null' },
      'an empty origin': { ...own, origin: '' },
      'from another site': { ...own, 'sec-fetch-site': 'cross-site' },
      'from a sister site': { ...own, 'sec-fetch-site': 'same-site' },
      'from the address bar': { ...own, 'sec-fetch-site': 'none' },
    }
    const before = await contentsOf(node.deps)
    const disable = `/v1/people/${items[0]?.id}/disable`
    for (const [title, headers] of Object.entries(cases)) {
      t.equal((await act(headers)).json().code, 'forbidden', title)
      t.equal((await act(headers, 'POST', disable)).status, 403, title)
      t.equal((await act(headers, 'DELETE', '/v1/tokens/x')).status, 403, title)
      t.equal((await act(headers, 'POST', '/v1/sign-out')).status, 403, title)
    }
    t.same(await contentsOf(node.deps), before)
    t.equal((await otto.ask({ path: '/v1/session' })).status, 200)
  })

  await t.test('needs nothing more where a token is the credential', async (t) => {
    const headers = { authorization: `Bearer ${await node.token('operate')}` }
    t.equal((await send(node.url, { method: 'POST', path: '/v1/sync', headers, body: {} })).status, 200)
  })
})

t.test('signing out', async (t) => {
  const { node, browser } = await startPeople(t)

  await t.test('ends the session, in every browser that has a copy', async (t) => {
    const alma = browser()
    await alma.signIn('author')
    const cookie = `${name}=${alma.cookies.get(name)}`
    t.equal((await alma.ask({ method: 'POST', path: '/v1/sign-out', headers: own })).status, 204)
    t.notOk(alma.cookies.has(name))
    await refusedSoon(t, () => send(node.url, { path: '/v1/session', headers: { cookie } }))
  })

  await t.test('takes away a cookie that does not hold any more', async (t) => {
    const rita = browser()
    rita.cookies.set(name, 'A'.repeat(43))
    t.equal((await rita.ask({ method: 'POST', path: '/v1/sign-out', headers: own })).status, 204)
    t.notOk(rita.cookies.has(name))
  })
})

t.test('the operator', async (t) => {
  const { node, browser, provider } = await startPeople(t)
  const [otto, alma] = [browser(), browser()]
  await otto.signIn('operator')
  await alma.signIn('author')
  const post = (who: Browser, path: string, body?: object) => who.ask({ method: 'POST', path, headers: own, body })
  const findId = async (account: string) => {
    const { items } = (await otto.ask({ path: '/v1/people' })).json<{ items: { id: string; subject: string }[] }>()
    return items.find(({ subject }) => subject === `${provider.issuer}#${account}`)?.id
  }

  await t.test('sees who has been here, page by page', async (t) => {
    const first = (await otto.ask({ path: '/v1/people?limit=1' })).json<{ items: object[]; next: string }>()
    const second = (await otto.ask({ path: `/v1/people?limit=1&cursor=${first.next}` })).json<{
      items: object[]
      next?: string
    }>()
    t.match(
      [...first.items, ...second.items],
      [
        { subject: `${provider.issuer}#operator`, name: 'Otto Operator', staff: true, roles: ['operator'] },
        { subject: `${provider.issuer}#author`, name: 'Alma Author', staff: true, roles: ['reader', 'author'] },
      ],
    )
    t.equal(second.next, undefined)
    t.equal((await otto.ask({ path: '/v1/people?cursor=x' })).status, 422)
  })

  await t.test('shuts a person out within five seconds: sessions, tokens, new sign-ins', async (t) => {
    const { token } = (await post(alma, '/v1/tokens', { name: 'mine', scopes: ['draft'], days: 1 })).json<{
      token: string
    }>()
    const byToken = () => send(node.url, { path: '/v1/drafts', headers: { authorization: `Bearer ${token}` } })
    t.equal((await byToken()).status, 200)
    t.equal((await alma.ask({ path: '/v1/session' })).status, 200)
    const id = await findId('author')
    t.equal((await post(otto, `/v1/people/${id}/disable`)).status, 204)
    await refusedSoon(t, () => alma.ask({ path: '/v1/session' }))
    await refusedSoon(t, byToken)
    const before = await contentsOf(node.deps)
    t.equal((await browser().signIn('author')).status, 401)
    t.equal((await post(otto, `/v1/people/${id}/disable`)).status, 204, 'again is harmless')
    t.same(await contentsOf(node.deps), before)
    t.equal((await otto.ask({ path: '/v1/session' })).status, 200, 'nobody else is shut out')
  })

  await t.test('lets a person in again, who then signs in anew', async (t) => {
    const id = await findId('author')
    t.equal((await post(otto, `/v1/people/${id}/enable`)).status, 204)
    t.equal((await alma.ask({ path: '/v1/session' })).status, 401, 'what was ended stays ended')
    t.equal((await browser().signIn('author')).status, 303)
  })

  await t.test('leaves both in the audit trail', async (t) => {
    const acts = await node.deps.db
      .selectFrom('audit')
      .select(['actor', 'act', 'target'])
      .where('act', 'like', 'person.%')
      .orderBy('id')
      .execute()
    const actor = `${provider.issuer}#operator`
    const target = `${provider.issuer}#author`
    t.same(acts, [
      { actor, act: 'person.disable', target },
      { actor, act: 'person.enable', target },
    ])
  })

  await t.test('does not shut out themselves, nor anybody unknown', async (t) => {
    t.equal((await post(otto, `/v1/people/${await findId('operator')}/disable`)).status, 409)
    t.equal((await post(otto, '/v1/people/01890a5d-ac96-774b-bcce-b302099a8057/disable')).status, 404)
  })
})

t.test('an API token of one’s own', async (t) => {
  const { node, browser, provider } = await startPeople(t)
  const [alma, rita, otto] = [browser(), browser(), browser()]
  for (const [who, account] of [
    [alma, 'author'],
    [rita, 'reader'],
    [otto, 'operator'],
  ] as const)
    await who.signIn(account)
  const create = (who: Browser, body: object) => who.ask({ method: 'POST', path: '/v1/tokens', headers: own, body })
  const use = (token: string, outgoing: Outgoing) =>
    send(node.url, { ...outgoing, headers: { ...outgoing.headers, authorization: `Bearer ${token}` } })
  const made = (await create(alma, { name: 'laptop', scopes: ['draft'], days: 7 })).json<{
    id: string
    token: string
  }>()

  await t.test('acts as the person, with no more than it was given', async (t) => {
    t.match((await use(made.token, { path: '/v1/session' })).json(), {
      subject: `${provider.issuer}#author`,
      issuer: provider.issuer,
      credential: 'api-token',
      staff: true,
      roles: ['author'],
      scopes: ['draft'],
    })
    t.equal((await use(made.token, { path: '/v1/peers' })).status, 403)
  })

  await t.test('never has more than the person', async (t) => {
    for (const scopes of [['publish'], ['draft', 'operate'], ['review']]) {
      t.equal((await create(alma, { name: 'more', scopes, days: 1 })).status, 403, String(scopes))
    }
    for (const body of [
      { name: 'x', scopes: [], days: 1 },
      { name: 'x', scopes: ['root'], days: 1 },
      { name: 'x', scopes: ['read', 'read'], days: 1 },
      { name: 'x', scopes: ['read'], days: 367 },
      { name: 'x', scopes: ['read'], days: 0 },
      { name: '', scopes: ['read'], days: 1 },
      { name: 'x', scopes: ['read'], days: 1, subject: 'operator' },
      { name: 'x', scopes: ['read'], days: 1, staff: true },
    ]) {
      t.equal((await create(alma, body)).status, 422, JSON.stringify(body))
    }
  })

  await t.test('makes no further token', async (t) => {
    const body = { name: 'child', scopes: ['draft'], days: 365 }
    t.equal((await use(made.token, { method: 'POST', path: '/v1/tokens', body })).status, 403)
  })

  await t.test('has less as soon as the person has less', async (t) => {
    const token = (await create(alma, { name: 'both', scopes: ['read', 'draft'], days: 1 })).json<{ token: string }>()
      .token
    t.equal((await use(token, { path: '/v1/drafts' })).status, 200)
    provider.accounts.author = { name: 'Alma Author', groups: ['staff', 'readers'] }
    await browser().signIn('author')
    await until('drafts are closed', async () => (await use(token, { path: '/v1/drafts' })).status === 403, soonMs)
    t.same((await use(token, { path: '/v1/session' })).json<{ scopes: string[] }>().scopes, ['read'])
    provider.accounts.author = { name: 'Alma Author', groups: ['readers', 'authors'] }
    await browser().signIn('author')
    await until(
      'no staff',
      async () => !(await use(token, { path: '/v1/session' })).json<{ staff: boolean }>().staff,
      soonMs,
    )
    provider.accounts.author = { name: 'Alma Author', groups: ['staff', 'readers', 'authors'] }
    await browser().signIn('author')
    await until('drafts are open', async () => (await use(token, { path: '/v1/drafts' })).status === 200, soonMs)
  })

  await t.test('is listed for its owner and the operator, and never shown again', async (t) => {
    const list = async (who: Browser) => (await who.ask({ path: '/v1/tokens' })).json<{ items: { name: string }[] }>()
    t.same(
      (await list(alma)).items.map((token) => token.name),
      ['both', 'laptop'],
    )
    t.same((await list(rita)).items, [])
    t.ok((await list(otto)).items.length >= 2)
    t.notMatch(JSON.stringify(await list(alma)), made.token)
  })

  await t.test('is revoked by its owner or the operator, and for anybody else is not there', async (t) => {
    const revoke = (who: Browser, id: string) => who.ask({ method: 'DELETE', path: `/v1/tokens/${id}`, headers: own })
    t.equal((await revoke(rita, made.id)).status, 404)
    t.equal((await use(made.token, { path: '/v1/drafts' })).status, 200)
    t.equal((await revoke(alma, made.id)).status, 204)
    await refusedSoon(t, () => use(made.token, { path: '/v1/drafts' }))
    const other = (await create(alma, { name: 'other', scopes: ['draft'], days: 1 })).json<{
      id: string
      token: string
    }>()
    t.equal((await use(other.token, { path: '/v1/drafts' })).status, 200)
    t.equal((await revoke(otto, other.id)).status, 204)
    await refusedSoon(t, () => use(other.token, { path: '/v1/drafts' }))
  })

  await t.test('of a program can be told from a person, whatever the program is called', async (t) => {
    const token = await node.token('read')
    t.match((await use(token, { path: '/v1/session' })).json(), {
      subject: 'staff',
      issuer: node.config.entityId,
      staff: true,
    })
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }
    t.equal((await use(token, { method: 'DELETE', path: `/v1/tokens/${jti}` })).status, 204, 'it may end itself')
    await refusedSoon(t, () => use(token, { path: '/v1/session' }))
    await t.rejects(revokeToken(node.deps, jti, 'operator', { subject: `${provider.issuer}#author` }), {
      code: 'not-found',
    })
  })
})

/** Refused by the one 401 within five seconds. */
async function refusedSoon(t: Test, ask: () => Promise<Answer>, title = 'refused within five seconds'): Promise<void> {
  await until(title, async () => (await ask()).status === 401, soonMs)
  t.equal((await ask()).status, 401, title)
}

async function digests({
  pool,
}: {
  pool: { query(sql: string): Promise<{ rows: { digest: Buffer }[] }> }
}): Promise<string[]> {
  const { rows } = await pool.query('select digest from session')
  return rows.map(({ digest }) => digest.toString('base64url'))
}

/** 32 bytes leave two unused bits in the last of 43 characters: this one differs in those alone. */
function nextLetter(value: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(value.at(-1) ?? '') + 1] ?? ''
}
