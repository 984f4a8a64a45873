import { createHmac } from 'node:crypto'
import { revokeToken } from '@concordance/exchange'
import t from 'tap'
import { audienceOf, readTokenSecret } from '../src/index.ts'
import { startTestNode } from './support/node.ts'
import { type Answer, send } from './support/send.ts'

t.test('requests of people and programs', async (t) => {
  const node = await startTestNode(t)
  const secret = await readTokenSecret(node.config.dataDir)
  const iss = node.config.entityId
  const ask = (authorization?: string | string[], path = '/v1/peers') =>
    send(node.url, { path, headers: authorization === undefined ? {} : { authorization } })
  const issued = await node.token('read')
  const { jti } = decode(issued)

  await t.test('an issued token is answered', async (t) => {
    t.equal((await ask(`Bearer ${issued}`)).status, 200)
  })

  await t.test('everything else is refused alike', async (t) => {
    const nowSeconds = Math.floor(Date.now() / 1_000)
    const header = { alg: 'HS256', typ: 'concordance-api+jwt' }
    const claims = { iss, aud: audienceOf(iss), sub: 'staff', jti, iat: nowSeconds, exp: nowSeconds + 60 }
    const sign = (head: object, body: object, key = secret, hash = 'sha256') => signJwt(head, body, key, hash)
    t.equal((await ask(`Bearer ${sign(header, claims)}`)).status, 200, 'made by hand, honestly, it is answered')
    const { jti: _, ...withoutId } = claims
    const { exp: __, ...withoutEnd } = claims
    const cases: Record<string, string | string[]> = {
      'no scheme': issued,
      'another scheme': `Basic ${issued}`,
      'two headers': [`Bearer ${issued}`, `Bearer ${issued}`],
      'no token': 'Bearer ',
      'a padded token': `Bearer ${issued}=`,
      'another spelling of the signature': `Bearer ${issued.slice(0, -1)}${nextLetter(issued)}`,
      'another secret': `Bearer ${sign(header, claims, 'x'.repeat(64))}`,
      'alg none': `Bearer ${sign({ ...header, alg: 'none' }, claims).replace(/[^.]*$/, '')}`,
      'alg HS512': `Bearer ${sign({ ...header, alg: 'HS512' }, claims, secret, 'sha512')}`,
      'no type': `Bearer ${sign({ alg: 'HS256' }, claims)}`,
      'the type of a plain JWT': `Bearer ${sign({ ...header, typ: 'JWT' }, claims)}`,
      'another issuer': `Bearer ${sign(header, { ...claims, iss: 'https://three.example' })}`,
      'the entity id as audience': `Bearer ${sign(header, { ...claims, aud: iss })}`,
      'an audience of two': `Bearer ${sign(header, { ...claims, aud: [audienceOf(iss), 'x'] })}`,
      expired: `Bearer ${sign(header, { ...claims, exp: nowSeconds - 1 })}`,
      'without an end': `Bearer ${sign(header, withoutEnd)}`,
      'without an id': `Bearer ${sign(header, withoutId)}`,
      'an id that was never registered': `Bearer ${sign(header, { ...claims, jti: 'another' })}`,
      'an id that is no text': `Bearer ${sign(header, { ...claims, jti: { $ne: null } })}`,
      'a critical extension': `Bearer ${sign({ ...header, crit: ['x'], x: 1 }, claims)}`,
      'a token of 3 KB': `Bearer ${sign(header, { ...claims, sub: 'x'.repeat(2_200) })}`,
    }
    const expected = visible(await ask())
    t.equal(expected.status, 401)
    for (const [name, authorization] of Object.entries(cases)) {
      t.same(visible(await ask(authorization)), expected, name)
    }
  })

  await t.test('a request token is no API token, and an API token no request token', async (t) => {
    t.equal((await ask((await node.peer.headers('/v1/peers')).authorization)).status, 401)
    t.equal((await ask(`Bearer ${issued}`, '/v1/log/entries?from=0')).status, 401)
    t.equal((await ask(`Concordance ${issued}`, '/v1/log/entries?from=0')).status, 401)
  })

  await t.test('a credential that does not hold is never taken for none', async (t) => {
    t.equal((await ask(undefined, '/v1/records')).status, 200)
    t.equal((await ask(`Bearer ${issued}`, '/v1/records')).status, 200)
    for (const authorization of ['Bearer x', 'Concordance x', 'Basic x', '']) {
      t.equal((await ask(authorization, '/v1/records')).status, 401, authorization)
    }
  })

  await t.test('a token does what its scopes say and no more', async (t) => {
    const operator = await node.token('operate')
    t.equal((await ask(`Bearer ${operator}`, '/v1/quarantine')).status, 200)
    const refused = await ask(`Bearer ${issued}`, '/v1/quarantine')
    t.equal(refused.status, 403)
    t.equal(refused.json().code, 'forbidden')
    t.equal((await ask(`Bearer ${operator}`)).status, 403, 'operating does not include reading')
  })

  await t.test('a revoked token is refused within two seconds', async (t) => {
    const token = await node.token('read')
    t.equal((await ask(`Bearer ${token}`)).status, 200)
    await revokeToken(node.deps, decode(token).jti, 'operator')
    const deadline = performance.now() + 5_000
    let answer = await ask(`Bearer ${token}`)
    while (answer.status === 200 && performance.now() < deadline) answer = await ask(`Bearer ${token}`)
    t.equal(answer.status, 401)
    t.ok(performance.now() < deadline - 2_500)
  })
})

function signJwt(header: object, claims: object, secret: string, hash: string): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
}

function decode(token: string): { jti: string } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** 32 bytes leave two unused bits in the last of 43 characters: this one differs in those alone. */
function nextLetter(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(token.at(-1) ?? '') + 1] ?? ''
}

function visible({ status, headers: { date: _, ...headers }, text }: Answer) {
  return { status, headers, text }
}
