import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import { disablePerson } from '@concordance/exchange'
import t from 'tap'
import { followTo } from './support/browser.ts'
import { contentsOf } from './support/contents.ts'
import { hmac, type Part, readJwt, type Signing, signersOf, writeJwt } from './support/jwt.ts'
import { audience, startPeople, type TestPeople } from './support/people.ts'
import { type Answer, send } from './support/send.ts'
import { visible } from './support/visible.ts'

t.test('access tokens of the provider', async (t) => {
  const people = await startPeople(t)
  const { node, browser, provider } = people
  const ask = (authorization: string | string[], path = '/v1/session', headers = {}): Promise<Answer> =>
    send(node.url, { path, headers: { authorization, ...headers } })

  await t.test('let a program act as the person it is from', async (t) => {
    const token = await fetchToken(people, 'reviewer')
    t.match(readJwt(token).header, { alg: 'RS256', typ: 'at+jwt' })
    t.match((await ask(`Bearer ${token}`)).json(), {
      subject: `${provider.issuer}#reviewer`,
      issuer: provider.issuer,
      credential: 'provider-token',
      staff: true,
      roles: ['reader', 'reviewer'],
      scopes: ['read', 'review'],
    })
    t.equal((await ask(`Bearer ${token}`, '/v1/peers')).status, 200)
    t.equal((await ask(`Bearer ${token}`, '/v1/quarantine')).status, 403)
  })

  await t.test('make no API token', async (t) => {
    const headers = { authorization: `Bearer ${await fetchToken(people, 'reader')}` }
    const body = { name: 'mine', scopes: ['read'], days: 1 }
    t.equal((await send(node.url, { method: 'POST', path: '/v1/tokens', headers, body })).status, 403)
  })

  const nowSeconds = Math.floor(Date.now() / 1_000)
  const header = { alg: 'RS256', typ: 'at+jwt', kid: provider.key.kid }
  const claims = {
    iss: provider.issuer,
    aud: audience,
    sub: 'reader',
    client_id: 'laptop',
    jti: randomUUID(),
    iat: nowSeconds,
    exp: nowSeconds + 600,
    groups: ['staff', 'readers'],
  }
  const { rs256, rs384, ps256, hs256 } = signersOf(provider.key)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const foreignJwk = privateKey.export({ format: 'jwk' })
  const { rs256: foreign, hs256: foreignMac } = signersOf(foreignJwk)
  const say = (changedHeader: Part = {}, changedClaims: Part = {}, how: Signing = rs256) =>
    writeJwt(
      typeof changedHeader === 'string' ? changedHeader : { ...header, ...changedHeader },
      typeof changedClaims === 'string' ? changedClaims : { ...claims, ...changedClaims },
      how,
    )
  const honest = say()

  await t.test('made by hand, honestly, are answered in every form the standards allow', async (t) => {
    const forms: Record<string, string> = {
      'as it is': honest,
      'with the long name of the type': say({ typ: 'application/at+jwt' }),
      'with the thumbprint of a certificate': say({ x5t: 'AAAA' }),
      'with an audience of one in a list': say({}, { aud: [audience] }),
      'valid from now': say({}, { nbf: nowSeconds }),
      'by a clock that is 20 seconds ahead': say({}, { iat: nowSeconds + 20, nbf: nowSeconds + 20 }),
      'with claims nobody knows': say({}, { acr: '1', auth_time: nowSeconds, scope: 'api' }),
    }
    for (const [name, token] of Object.entries(forms)) t.equal((await ask(`Bearer ${token}`)).status, 200, name)
  })

  await t.test('give no more than whole values of the one claim give', async (t) => {
    const games: unknown[] = [
      'operators,readers',
      [['operators']],
      { operators: true },
      ['__proto__'],
      'constructor',
      null,
      7,
      ['OPERATORS'],
    ]
    for (const groups of games) {
      const session = (
        await ask(`Bearer ${say({}, { groups, roles: ['operator'], scope: 'operate', staff: true })}`)
      ).json<{ roles: string[]; scopes: string[]; staff: boolean }>()
      const { roles, scopes, staff } = session
      t.same({ roles, scopes, staff }, { roles: [], scopes: [], staff: false }, JSON.stringify(groups))
    }
  })

  const jwk = { kty: 'RSA', n: foreignJwk.n, e: foreignJwk.e }
  const text = JSON.stringify(claims)
  const head = JSON.stringify(header)
  const [first = '', second = '', third = ''] = honest.split('.')
  const cases: Record<string, string | string[]> = {
    // algorithm
    'alg none': `Bearer ${say({ alg: 'none' }, {}, () => '')}`,
    'alg None': `Bearer ${say({ alg: 'None' }, {}, () => 'AAAA')}`,
    'alg none with the honest signature': `Bearer ${say({ alg: 'none' })}`,
    'the public key as a secret': `Bearer ${say({ alg: 'HS256' }, {}, hs256)}`,
    'the public key as a secret, said to be RS256': `Bearer ${say({}, {}, hs256)}`,
    'the client secret as a secret': `Bearer ${say({ alg: 'HS256' }, {}, hmac(provider.clientSecret))}`,
    'alg RS384': `Bearer ${say({ alg: 'RS384' }, {}, rs384)}`,
    'alg PS256': `Bearer ${say({ alg: 'PS256' }, {}, ps256)}`,
    'alg PS256, said to be RS256': `Bearer ${say({}, {}, ps256)}`,
    'alg in lower case': `Bearer ${say({ alg: 'rs256' })}`,
    'alg in a list': `Bearer ${say({ alg: ['RS256'] })}`,
    'no alg': `Bearer ${say({ alg: undefined })}`,
    // key source
    'another key': `Bearer ${say({}, {}, foreign)}`,
    'another kid': `Bearer ${say({ kid: 'second' })}`,
    'no kid': `Bearer ${say({ kid: undefined })}`,
    'a kid that is a path': `Bearer ${say({ kid: '../../../../dev/null' }, {}, hmac(''))}`,
    'a kid that is SQL': `Bearer ${say({ kid: "' union select 'x' --" }, {}, foreign)}`,
    'the kid __proto__': `Bearer ${say({ kid: '__proto__' }, {}, foreign)}`,
    'the kid constructor': `Bearer ${say({ kid: 'constructor' }, {}, foreign)}`,
    'a kid in a list': `Bearer ${say({ kid: [provider.key.kid] })}`,
    'an empty kid': `Bearer ${say({ kid: '' }, {}, foreign)}`,
    'its own key': `Bearer ${say({ jwk }, {}, foreign)}`,
    'its own key, signed honestly': `Bearer ${say({ jwk: { ...jwk, n: provider.key.n } })}`,
    'where its key is': `Bearer ${say({ jku: `${provider.issuer}/jwks` })}`,
    'where its key is, elsewhere': `Bearer ${say({ jku: 'http://127.0.0.1:1/jwks' }, {}, foreign)}`,
    'where its certificate is': `Bearer ${say({ x5u: 'https://evil.example/cert' }, {}, foreign)}`,
    'its own certificate': `Bearer ${say({ x5c: ['AAAA'] }, {}, foreign)}`,
    'its own secret': `Bearer ${say({ alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }, {}, hmac('\0\0\0'))}`,
    'a foreign public key as a secret': `Bearer ${say({ alg: 'HS256', jwk }, {}, foreignMac)}`,
    // processing
    'a critical extension': `Bearer ${say({ crit: ['x'], x: 1 })}`,
    'a critical extension of none': `Bearer ${say({ crit: [] })}`,
    'exp as critical': `Bearer ${say({ crit: ['exp'], exp: nowSeconds + 60 })}`,
    'an unencoded payload': `Bearer ${say({ b64: false, crit: ['b64'] })}`,
    'an unencoded payload, quietly': `Bearer ${say({ b64: false })}`,
    'a compressed payload': `Bearer ${say({ zip: 'DEF' })}`,
    'an encryption': `Bearer ${say({ alg: 'RSA-OAEP', enc: 'A256GCM' })}`,
    // type
    'the type of a plain JWT': `Bearer ${say({ typ: 'JWT' })}`,
    'no type': `Bearer ${say({ typ: undefined })}`,
    'the type in capitals': `Bearer ${say({ typ: 'AT+JWT' })}`,
    'a type in a list': `Bearer ${say({ typ: ['at+jwt'] })}`,
    'the type of API tokens': `Bearer ${say({ typ: 'concordance-api+jwt' })}`,
    'the type of request tokens': `Bearer ${say({ typ: 'concordance-request+jwt' })}`,
    'the type of a logout token': `Bearer ${say({ typ: 'logout+jwt' })}`,
    // issuer
    'another issuer': `Bearer ${say({}, { iss: 'https://evil.example' })}`,
    'the issuer with a slash': `Bearer ${say({}, { iss: `${provider.issuer}/` })}`,
    'the issuer in a list': `Bearer ${say({}, { iss: [provider.issuer] })}`,
    'this node as issuer': `Bearer ${say({}, { iss: node.config.entityId })}`,
    'no issuer': `Bearer ${say({}, { iss: undefined })}`,
    // audience
    'another audience': `Bearer ${say({}, { aud: 'https://two.example/api' })}`,
    'the client as audience': `Bearer ${say({}, { aud: 'node' })}`,
    'the entity id as audience': `Bearer ${say({}, { aud: node.config.entityId })}`,
    'the audience of API tokens': `Bearer ${say({}, { aud: `${node.config.entityId}#api` })}`,
    'a longer audience': `Bearer ${say({}, { aud: `${audience}/more` })}`,
    'the audience among others': `Bearer ${say({}, { aud: [audience, 'https://two.example/api'] })}`,
    'the audience in a list in a list': `Bearer ${say({}, { aud: [[audience]] })}`,
    'an object as audience': `Bearer ${say({}, { aud: { 0: audience, length: 1 } })}`,
    'an audience of none': `Bearer ${say({}, { aud: [] })}`,
    'no audience': `Bearer ${say({}, { aud: undefined })}`,
    // time
    expired: `Bearer ${say({}, { iat: nowSeconds - 600, exp: nowSeconds - 40 })}`,
    'no end': `Bearer ${say({}, { exp: undefined })}`,
    'an end that is a text': `Bearer ${say({}, { exp: String(nowSeconds + 600) })}`,
    'an end that is a fraction': `Bearer ${say({}, { exp: nowSeconds + 600.5 })}`,
    'an end in milliseconds': `Bearer ${say({}, { exp: (nowSeconds + 600) * 1_000 })}`,
    'an end beyond all bounds': `Bearer ${say({}, text.replace(/"exp":\d+/, '"exp":1e400'))}`,
    'a life of two hours': `Bearer ${say({}, { exp: nowSeconds + 7_200 })}`,
    'a life of two hours, most of it gone': `Bearer ${say({}, { iat: nowSeconds - 7_000, exp: nowSeconds + 200 })}`,
    'an end before its beginning': `Bearer ${say({}, { iat: nowSeconds + 10, exp: nowSeconds + 5 })}`,
    'no beginning': `Bearer ${say({}, { iat: undefined })}`,
    'a beginning in a minute': `Bearer ${say({}, { iat: nowSeconds + 90 })}`,
    'valid in a minute': `Bearer ${say({}, { nbf: nowSeconds + 90 })}`,
    'valid from a text': `Bearer ${say({}, { nbf: '0' })}`,
    // who
    'about nobody': `Bearer ${say({}, { sub: undefined })}`,
    'about an empty name': `Bearer ${say({}, { sub: '' })}`,
    'about a number': `Bearer ${say({}, { sub: 7 })}`,
    'about a list': `Bearer ${say({}, { sub: ['reader'] })}`,
    'about a name with a line break': `Bearer ${say({}, { sub: 'reader\n' })}`,
    'about a name of 256 letters': `Bearer ${say({}, { sub: 'x'.repeat(256) })}`,
    'of no client': `Bearer ${say({}, { client_id: undefined })}`,
    'of a client for itself': `Bearer ${say({}, { sub: 'laptop' })}`,
    'without an id': `Bearer ${say({}, { jti: undefined })}`,
    'bound to a key': `Bearer ${say({}, { cnf: { jkt: 'A'.repeat(43) } })}`,
    // spelling
    'a member of the header twice': `Bearer ${say(head.replace('{', '{"alg":"none",'))}`,
    'a member of the claims twice': `Bearer ${say({}, text.replace('{', '{"sub":"operator",'))}`,
    'a member twice, spelt differently': `Bearer ${say({}, text.replace('{', '{"s\\u0075b":"operator",'))}`,
    'a member __proto__': `Bearer ${say({}, text.replace('{', '{"__proto__":{"groups":["operators"]},'))}`,
    'claims that are a list': `Bearer ${say({}, `[${text}]`)}`,
    'claims that are no JSON': `Bearer ${say({}, text.slice(0, -1))}`,
    'claims with a byte order mark': `Bearer ${say({}, `\uFEFF${text}`)}`,
    'claims of a thousand levels': `Bearer ${say({}, text.replace('{', `{"x":${'['.repeat(1_000)}${']'.repeat(1_000)},`))}`,
    'a header that is a text': `Bearer ${say('"at+jwt"')}`,
    'another spelling of the last letter': `Bearer ${honest.slice(0, -1)}${nextLetter(honest)}`,
    'a padded signature': `Bearer ${honest}=`,
    'a blank within': `Bearer ${first}. ${second}.${third}`,
    'a signature in the usual base64': `Bearer ${first}.${second}.${third.replaceAll('-', '+').replaceAll('_', '/')}+`,
    'an empty signature': `Bearer ${first}.${second}.`,
    'no signature': `Bearer ${first}.${second}`,
    'a fourth part': `Bearer ${honest}.${third}`,
    'a part before': `Bearer .${honest}`,
    'five parts': `Bearer ${first}.${second}.${third}.${second}.${third}`,
    'the JSON serialization': `Bearer ${JSON.stringify({ protected: first, payload: second, signature: third })}`,
    'other claims under the signature': `Bearer ${first}.${Buffer.from(text.replace('reader', 'operat')).toString('base64url')}.${third}`,
    'more than 8 KB': `Bearer ${say({}, { x: 'x'.repeat(7_000) })}`,
    // request
    'two headers': [`Bearer ${honest}`, `Bearer ${honest}`],
    'another scheme': `Basic ${honest}`,
    'the scheme of nodes': `Concordance ${honest}`,
    'no scheme': honest,
    'two blanks': `Bearer  ${honest}`,
    'two tokens': `Bearer ${honest}, Bearer ${honest}`,
  }

  await t.test('of any other kind are refused, each for the same: one answer, no trace', async (t) => {
    await ask(`Bearer ${honest}`)
    const expected = visible(await ask('Bearer x'))
    t.equal(expected.status, 401)
    const before = await contentsOf(node.deps)
    for (const [name, authorization] of Object.entries(cases)) t.same(visible(await ask(authorization)), expected, name)
    const idToken = await fetchIdToken(people)
    t.same(visible(await ask(`Bearer ${idToken}`)), expected, 'an ID token')
    t.same(await contentsOf(node.deps), before)
    const rita = browser()
    await rita.signIn('reader')
    t.same(
      visible(await rita.ask({ path: '/v1/session', headers: { authorization: `Bearer ${honest}` } })),
      expected,
      'two credentials',
    )
    t.equal((await rita.ask({ path: '/v1/session' })).status, 200, 'one of them')
    t.equal((await ask(`Bearer ${honest}`)).status, 200, 'the honest twin')
  })

  await t.test('of somebody who is shut out are refused within five seconds', async (t) => {
    const token = say({}, { sub: 'leaver' })
    t.equal((await ask(`Bearer ${token}`)).status, 200)
    const person = await node.deps.db
      .selectFrom('person')
      .select('id')
      .where('sub', '=', 'leaver')
      .executeTakeFirstOrThrow()
    await disablePerson(node.deps, person.id, 'operator')
    const deadline = performance.now() + 5_000
    let answer = await ask(`Bearer ${token}`)
    while (answer.status === 200 && performance.now() < deadline) answer = await ask(`Bearer ${token}`)
    t.equal(answer.status, 401)
    t.equal((await ask(`Bearer ${honest}`)).status, 200, 'nobody else is')
  })

  await t.test('have the keys fetched again for an unknown one, but not for each', async (t) => {
    let fetched = 0
    provider.tamper.set('/jwks', (answer) => {
      fetched += 1
      return answer
    })
    const unknown = Array.from({ length: 50 }, (_, number) => `Bearer ${say({ kid: `unknown-${number}` })}`)
    for (const answer of await Promise.all(unknown.map((each) => ask(each)))) t.equal(answer.status, 401)
    t.ok(fetched <= 2, `${fetched}`) // one at most in 30 seconds, which may end meanwhile
  })

  await t.test('are answered and refused as ever while the provider is away', async (t) => {
    await provider.stop()
    t.equal((await ask(`Bearer ${honest}`)).status, 200)
    t.equal((await ask(`Bearer ${say({ kid: 'unknown' })}`)).status, 401)
  })
})

t.test('a node that takes no access tokens refuses the honest ones', async (t) => {
  const people = await startPeople(t, { audience: undefined } as never)
  const token = await fetchToken(people, 'reader')
  t.equal(
    (await send(people.node.url, { path: '/v1/session', headers: { authorization: `Bearer ${token}` } })).status,
    401,
  )
})

/** The answer of the token endpoint to a program of this person, after a flow of its own. */
async function fetchTokens(
  { provider }: TestPeople,
  account: string,
): Promise<{ access_token: string; id_token: string }> {
  const { clientId, redirectUri } = provider.program
  const verifier = 'v'.repeat(43)
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile',
    nonce: 'n',
    code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  })
  const back = new URL(await followTo(redirectUri, `${provider.issuer}/auth?${query}`, account))
  const answer = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      client_id: clientId,
      code_verifier: verifier,
    }),
  })
  return (await answer.json()) as { access_token: string; id_token: string }
}

async function fetchToken(people: TestPeople, account: string): Promise<string> {
  return (await fetchTokens(people, account)).access_token
}

async function fetchIdToken(people: TestPeople): Promise<string> {
  return (await fetchTokens(people, 'reader')).id_token
}

/** 256 bytes leave four unused bits in the last of 342 characters: this one differs in those alone. */
function nextLetter(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(token.at(-1) ?? '') + 1] ?? ''
}
