import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { until } from '../../../test/network/until.ts'
import { contentsOf } from './support/contents.ts'
import { hmac, type Part, readJwt, type Signing, signersOf, writeJwt } from './support/jwt.ts'
import { baseUrl, startPeople } from './support/people.ts'
import type { Answer } from './support/send.ts'
import { visible } from './support/visible.ts'

const signInCookie = '__Host-concordance-sign-in'
const sessionCookie = '__Host-concordance-session'

t.test('signing in', async (t) => {
  const { node, browser, provider } = await startPeople(t)
  const roles = async (account: string) => {
    const somebody = browser()
    await somebody.signIn(account)
    return (await somebody.ask({ path: '/v1/session' })).json<{ staff: boolean; roles: string[]; subject: string }>()
  }

  const standing = async (account: string) => {
    const { staff, roles: given } = await roles(account)
    return { staff, roles: given }
  }

  await t.test('leads by the provider to a session', async (t) => {
    const alma = browser()
    const answer = await alma.signIn('author')
    t.equal(answer.status, 303, answer.text)
    t.equal(answer.headers.location, `${baseUrl}/v1/session`)
    t.equal(answer.headers['cache-control'], 'no-store')
    const [ended, begun] = answer.headers['set-cookie'] ?? []
    t.match(ended, /^__Host-concordance-sign-in=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax; Secure$/)
    t.match(begun, /^__Host-concordance-session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/)
    t.match((await alma.ask({ path: '/v1/session' })).json(), {
      subject: `${provider.issuer}#author`,
      issuer: provider.issuer,
      credential: 'session',
      staff: true,
      roles: ['reader', 'author'],
      scopes: ['read', 'draft'],
    })
  })

  await t.test('asks the provider with PKCE, state and nonce, for this node alone', async (t) => {
    const asked = new URL(String((await browser().ask({ path: '/v1/sign-in' })).headers.location))
    t.equal(asked.origin, provider.issuer)
    t.match(Object.fromEntries(asked.searchParams), {
      client_id: 'node',
      response_type: 'code',
      redirect_uri: `${baseUrl}/v1/sign-in/return`,
      scope: 'openid profile',
      code_challenge_method: 'S256',
      code_challenge: /^[\w-]{43}$/,
      state: /^[\w-]{43}$/,
      nonce: /^[\w-]{43}$/,
    })
  })

  await t.test('leads on to a path of this node, and nowhere else', async (t) => {
    const rita = browser()
    const back = await rita.visitProvider('reader', '/v1/sign-in?to=/v1/records?q=a%26b')
    t.equal((await rita.ask({ path: back })).headers.location, `${baseUrl}/v1/records?q=a&b`)
    for (const to of [
      '//evil.example',
      '/%5Cevil.example',
      'https://evil.example',
      '/%0d%0aset-cookie:a=b',
      '',
      '/%09/evil.example',
    ]) {
      t.equal((await rita.ask({ path: `/v1/sign-in?to=${to}` })).status, 422, to)
    }
  })

  await t.test('keeps of a cookie the digest alone, and no e-mail address', async (t) => {
    const alma = browser()
    await alma.signIn('author')
    const { rows } = await node.deps.pool.query('select s::text || p::text as it from session s, person p')
    for (const { it } of rows) t.notMatch(it, alma.cookies.get(sessionCookie) ?? 'none')
    t.notMatch(rows[0]?.it, '@')
  })

  await t.test('ends the session this browser had, and begins another', async (t) => {
    const alma = browser()
    await alma.signIn('author')
    const first = alma.cookies.get(sessionCookie) ?? ''
    await alma.signIn('author')
    t.not(alma.cookies.get(sessionCookie), first)
    t.equal((await alma.ask({ path: '/v1/session' })).status, 200)
    t.equal(
      (await browser().ask({ path: '/v1/session', headers: { cookie: `${sessionCookie}=${first}` } })).status,
      401,
    )
  })

  await t.test('never takes over a session id that came along', async (t) => {
    const alma = browser()
    const planted = 'A'.repeat(43)
    alma.cookies.set(sessionCookie, planted)
    t.equal((await alma.signIn('author')).status, 303)
    t.not(alma.cookies.get(sessionCookie), planted)
    t.equal(
      (await browser().ask({ path: '/v1/session', headers: { cookie: `${sessionCookie}=${planted}` } })).status,
      401,
    )
  })

  await t.test('gives the roles that the claims of that moment give, in older sessions too', async (t) => {
    const alma = browser()
    await alma.signIn('author')
    provider.accounts.author = { name: 'Alma Author', groups: ['readers'] }
    t.same(await standing('author'), { staff: false, roles: ['reader'] })
    const hasLess = async () => {
      const session = (await alma.ask({ path: '/v1/session' })).json<{ roles: string[]; staff: boolean }>()
      return session.roles.length === 1 && !session.staff
    }
    await until('the older session has less as well', hasLess, 5_000)
    provider.accounts.author = { name: 'Alma Author', groups: ['staff', 'readers', 'authors'] }
  })

  await t.test('makes a researcher of whoever is not staff', async (t) => {
    t.same(await standing('researcher'), { staff: false, roles: ['reader'] })
    for (const role of ['reader', 'author', 'reviewer', 'publisher', 'operator']) {
      const session = await roles(role)
      t.ok(session.staff)
      t.ok(session.roles.includes(role), role)
    }
  })

  await t.test('takes roles from whole values of the one claim, and from nowhere else', async (t) => {
    const claims: Record<string, unknown> = {
      'a list in one text': 'readers,operators',
      'a list with blanks': 'readers operators',
      'another case': ['OPERATORS'],
      'a blank around it': [' operators', 'operators '],
      'a list in a list': [['operators', 'staff']],
      'an object': { operators: true },
      'an object in a list': [{ toString: 'operators' }],
      true: true,
      'names of prototypes': ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'],
      'the names of roles': ['operator', 'operate'],
      null: null,
      nothing: undefined,
    }
    for (const [name, groups] of Object.entries(claims)) {
      provider.accounts.nobody = { name: 'Nino Nobody', groups, roles: ['operators'], staff: true } as never
      t.same(await standing('nobody'), { staff: false, roles: [] }, name)
    }
    provider.accounts.nobody = { name: 'Nino Nobody', groups: 'operators' }
    t.same(await standing('nobody'), { staff: false, roles: ['operator'] }, 'one text is one value')
  })

  await t.test('takes no claim from anything but the ID token', async (t) => {
    provider.accounts.plain = { name: 'Plain', groups: [] }
    provider.tamper.set('/token', (answer: object) => ({ ...answer, groups: ['operators'], roles: ['operator'] }))
    provider.tamper.set('/me', (answer: object) => ({ ...answer, groups: ['operators'] }))
    t.same(await standing('plain'), { staff: false, roles: [] })
    provider.tamper.clear()
  })

  await t.test('tells people apart by issuer and subject, whatever their address or name', async (t) => {
    provider.accounts.twin = { name: 'Alma Author', groups: [], email: 'author@one.example' } as never
    provider.accounts.author2 = { name: 'Alma Author', groups: [], email: 'author@one.example' } as never
    t.not((await roles('twin')).subject, (await roles('author2')).subject)
  })
})

t.test('a way back that is not the one of this browser', async (t) => {
  const { node, browser } = await startPeople(t)
  const alma = browser()
  const expected = visible(await alma.ask({ path: '/v1/sign-in/return' }))
  t.equal(expected.status, 401)

  const change = (path: string, changed: (query: URLSearchParams) => void) => {
    const [place, query] = path.split('?')
    const parameters = new URLSearchParams(query)
    changed(parameters)
    return `${place}?${parameters}`
  }
  const other = browser()
  const cases: Record<string, (back: string, cookie: string) => Promise<Answer>> = {
    'without the cookie': (path) => browser().ask({ path }),
    'with the cookie of another sign-in': async (path) => {
      await other.visitProvider('author')
      return other.ask({ path })
    },
    'with an empty cookie': (path) => browser().ask({ path, headers: { cookie: `${signInCookie}=` } }),
    'with a cookie that was changed': (path, cookie) =>
      browser().ask({
        path,
        headers: { cookie: `${signInCookie}=${cookie.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}` },
      }),
    'with a cookie whose target was changed': (path, cookie) => {
      const [seed, begun, , mac] = cookie.split('.')
      const to = Buffer.from('//evil.example').toString('base64url')
      return browser().ask({ path, headers: { cookie: `${signInCookie}=${[seed, begun, to, mac].join('.')}` } })
    },
    'with two cookies': (path, cookie) =>
      browser().ask({ path, headers: { cookie: `${signInCookie}=${cookie}; ${signInCookie}=${cookie}` } }),
    'with the cookie under the name for plain http': (path, cookie) =>
      browser().ask({ path, headers: { cookie: `concordance-sign-in=${cookie}` } }),
    'without a state': (path) => alma.ask({ path: change(path, (query) => query.delete('state')) }),
    'with another state': (path) => alma.ask({ path: change(path, (query) => query.set('state', 'A'.repeat(43))) }),
    'with two states': (path) => alma.ask({ path: `${path}&state=${'A'.repeat(43)}` }),
    'with the right state twice': (path) =>
      alma.ask({ path: change(path, (q) => q.append('state', q.get('state') ?? '')) }),
    'without a code': (path) => alma.ask({ path: change(path, (query) => query.delete('code')) }),
    'with an invented code': (path) => alma.ask({ path: change(path, (query) => query.set('code', 'A'.repeat(43))) }),
    'with two codes': (path) => alma.ask({ path: `${path}&code=x` }),
    'with the code of another sign-in': async (path) => {
      const injected = new URLSearchParams((await other.visitProvider('operator')).split('?')[1]).get('code') ?? ''
      return alma.ask({ path: change(path, (query) => query.set('code', injected)) })
    },
    'without the issuer': (path) => alma.ask({ path: change(path, (query) => query.delete('iss')) }),
    'from another issuer': (path) =>
      alma.ask({ path: change(path, (query) => query.set('iss', 'https://evil.example')) }),
    'from the issuer in another spelling': (path) =>
      alma.ask({ path: change(path, (q) => q.set('iss', `${q.get('iss')}/`)) }),
    'with an error beside the code': (path) => alma.ask({ path: `${path}&error=access_denied` }),
    'with everything twice': (path) => alma.ask({ path: `${path}&${path.split('?')[1]}` }),
  }
  await t.test('is refused, each for the same: one answer, no trace', async (t) => {
    const before = await contentsOf(node.deps)
    for (const [name, attack] of Object.entries(cases)) {
      const back = await alma.visitProvider('author')
      t.same(visible(await attack(back, alma.cookies.get(signInCookie) ?? '')), expected, name)
    }
    t.same(await contentsOf(node.deps), before)
  })

  await t.test('counts once: the same way back again is refused', async (t) => {
    const back = await alma.visitProvider('author')
    const cookie = alma.cookies.get(signInCookie) ?? ''
    t.equal((await alma.ask({ path: back })).status, 303, 'its honest twin')
    const before = await contentsOf(node.deps)
    t.same(visible(await browser().ask({ path: back, headers: { cookie: `${signInCookie}=${cookie}` } })), expected)
    t.same(await contentsOf(node.deps), before)
  })
})

t.test('an ID token', async (t) => {
  const { node, browser, provider } = await startPeople(t)
  const expected = visible(await browser().ask({ path: '/v1/sign-in/return' }))
  const { rs256, rs384, ps256, hs256 } = signersOf(provider.key)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const foreignJwk = privateKey.export({ format: 'jwk' })
  const foreign = signersOf(foreignJwk)
  type Change = (header: Record<string, unknown>, claims: Record<string, unknown>) => string | undefined
  const say =
    (header: Part, claims: Part, how: Signing = rs256): Change =>
    (honest, said) =>
      writeJwt(
        typeof header === 'string' ? header : { ...honest, ...header },
        typeof claims === 'string' ? claims : { ...said, ...claims },
        how,
      )
  const nowSeconds = Math.floor(Date.now() / 1_000)
  const signInWith = async (change: Change) => {
    provider.tamper.set('/token', (answer: { id_token: string }) => {
      const { header, claims } = readJwt(answer.id_token)
      return { ...answer, id_token: change(header, claims) }
    })
    const answer = await browser().signIn('operator')
    provider.tamper.clear()
    return answer
  }

  await t.test('that is signed again, honestly, signs in', async (t) => {
    t.equal((await signInWith(say({}, {}))).status, 303)
  })

  const jwk = { kty: 'RSA', n: foreignJwk.n, e: foreignJwk.e }
  const cases: Record<string, Change> = {
    'that is missing': () => undefined,
    'of alg none': say({ alg: 'none' }, {}, () => ''),
    'with the public key as a secret': say({ alg: 'HS256' }, {}, hs256),
    'with the client secret as a secret': say({ alg: 'HS256' }, {}, hmac(provider.clientSecret)),
    'of alg RS384': say({ alg: 'RS384' }, {}, rs384),
    'of alg PS256': say({ alg: 'PS256' }, {}, ps256),
    'by another key under the same kid': say({}, {}, foreign.rs256),
    'by another key without a kid': say({ kid: undefined }, {}, foreign.rs256),
    'under an unknown kid': say({ kid: 'other' }, {}, foreign.rs256),
    'under the kid __proto__': say({ kid: '__proto__' }, {}, foreign.rs256),
    'that brings its key': say({ jwk }, {}, foreign.rs256),
    'that names where its key is': say({ jku: 'https://evil.example/jwks' }, {}, foreign.rs256),
    'that brings a certificate': say({ x5c: ['AAAA'] }, {}, foreign.rs256),
    'with a critical extension': say({ crit: ['exp'] }, {}),
    'with an unencoded payload': say({ b64: false, crit: ['b64'] }, {}),
    'of another issuer': say({}, { iss: 'https://evil.example' }),
    'of the issuer with a slash': say({}, { iss: `${provider.issuer}/` }),
    'for another client': say({}, { aud: 'laptop' }),
    'for two clients': say({}, { aud: ['node', 'laptop'] }),
    'for two clients, authorised for another': say({}, { aud: ['node', 'laptop'], azp: 'laptop' }),
    'without an audience': say({}, { aud: undefined }),
    'with another nonce': say({}, { nonce: 'A'.repeat(43) }),
    'without a nonce': say({}, { nonce: undefined }),
    'with a nonce in a list': (header, claims) => say({}, { nonce: [claims.nonce] })(header, claims),
    'that has expired': say({}, { exp: nowSeconds - 60 }),
    'without an end': say({}, { exp: undefined }),
    'that ends at a text': say({}, { exp: '9999999999' }),
    'without a beginning': say({}, { iat: undefined }),
    'that is not valid yet': say({}, { nbf: nowSeconds + 600 }),
    'about nobody': say({}, { sub: undefined }),
    'about an empty name': say({}, { sub: '' }),
    'about a number': say({}, { sub: 7 }),
    'about a list': say({}, { sub: ['operator'] }),
    'about a name with a line break': say({}, { sub: 'operator\n' }),
    'about a name of 256 letters': say({}, { sub: 'x'.repeat(256) }),
    'about a name in another script': say({}, { sub: 'ореrator' }),
    'whose claims are a list': say({}, '[]'),
    'whose header is a list': say('[]', {}),
    'with a padded signature': (header, claims) => `${say({}, {})(header, claims)}=`,
    'of four parts': (header, claims) => `${say({}, {})(header, claims)}.x`,
    'of two parts': (header, claims) => String(say({}, {})(header, claims)).replace(/\.[^.]*$/, ''),
  }

  await t.test('that is any other is refused, each for the same: one answer, no trace', async (t) => {
    const before = await contentsOf(node.deps)
    for (const [name, change] of Object.entries(cases)) t.same(visible(await signInWith(change)), expected, name)
    t.same(await contentsOf(node.deps), before)
  })
})

t.test('a provider that misbehaves', async (t) => {
  const { node, browser, provider } = await startPeople(t)
  const before = await contentsOf(node.deps)
  const back = async () => browser().signIn('author')

  await t.test('is an outage, and no verdict on anybody, where it answers nonsense', async (t) => {
    for (const nonsense of ['[]', 'x'.repeat(300_000), '{"keys":{}}', '{"keys":[null,1,"x",[]]}']) {
      provider.tamper.set('/jwks', () => nonsense)
      const { status } = await back()
      t.ok(status === 503 || status === 401, `${status}`)
    }
    provider.tamper.clear()
    t.same(await contentsOf(node.deps), before)
    t.equal((await browser().ask({ path: '/livez' })).status, 200)
  })

  await t.test('keeps nobody from working who is signed in', async (t) => {
    const alma = browser()
    t.equal((await alma.signIn('author')).status, 303)
    await provider.stop()
    t.equal((await alma.ask({ path: '/v1/session' })).status, 200)
    t.equal((await alma.ask({ path: '/v1/sign-in/return?code=x&state=x' })).status, 401)
  })
})

t.test('a node without a provider', async (t) => {
  const { startTestNode } = await import('./support/node.ts')
  const { send } = await import('./support/send.ts')
  const node = await startTestNode(t)
  for (const path of ['/v1/sign-in', '/v1/sign-in/return?code=x&state=x']) {
    t.equal((await send(node.url, { path })).status, 404, path)
  }
  t.equal((await send(node.url, { method: 'POST', path: '/v1/sign-out' })).status, 404)
})
