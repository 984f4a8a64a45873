import { createHmac, hash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { canonicalize, encodeBase64url, type JsonObject, type RequestClaims, signCompact } from '@concordance/protocol'
import t from 'tap'
import { startTestNode } from './support/node.ts'
import { createPeer } from './support/peer.ts'
import { type Answer, send } from './support/send.ts'

const path = '/v1/log/entries?from=0'

t.test('requests between nodes', async (t) => {
  const node = await startTestNode(t)
  const { peer } = node
  const audience = node.config.entityId
  const ask = (authorization: string | string[] | undefined, target = path) =>
    send(node.url, { path: target, headers: authorization === undefined ? {} : { authorization } })
  const askWith = (token: string) => ask(`Concordance ${token}`)
  const honest = async () => (await peer.headers(path)).authorization

  await t.test('an honest token is answered', async (t) => {
    t.equal((await ask(await honest())).status, 200)
    t.equal((await ask(await honest())).status, 200, 'and so is the next one')
  })

  await t.test('until the signature has verified every refusal is byte for byte the same', async (t) => {
    const other = await createPeer(t, { iss: peer.iss, audience })
    const stranger = await createPeer(t, { iss: 'https://three.example', audience })
    const signed = (await honest()).slice('Concordance '.length)
    const [header = '', payload = '', signature = ''] = signed.split('.')
    const claims = peer.claims(path)
    const { kid } = peer.signers.request
    const own = { alg: 'Ed25519', kid, typ: 'concordance-request+jwt' }
    const bySecret = (input: string) => createHmac('sha256', kid).update(input).digest()
    const byPeer = (input: string) => peer.signers.request.sign(Buffer.from(input))
    const cases: Record<string, string | string[] | undefined> = {
      'no Authorization': undefined,
      'an empty one': 'Concordance ',
      'the scheme Bearer': `Bearer ${signed}`,
      'the scheme in another spelling': `concordance ${signed}`,
      'two Authorization headers': [await honest(), await honest()],
      'no JWS': 'Concordance abc',
      'more than 4 KiB': `Concordance ${header}.${payload}${'A'.repeat(4_096)}.${signature}`,
      'a padded segment': `Concordance ${header}.${payload}.${signature}=`,
      'unused bits set in the signature': `Concordance ${header}.${payload}.${nextSpelling(signature)}`,
      'one bit of the signature flipped': `Concordance ${header}.${payload}.${flip(signature)}`,
      'one bit of the payload flipped': `Concordance ${header}.${flip(payload)}.${signature}`,
      'the type of a record': `Concordance ${await signCompact('concordance-record+jwt', claims, peer.signers.request)}`,
      'alg none': `Concordance ${await forge({ ...own, alg: 'none' }, claims, async () => Buffer.alloc(0))}`,
      'alg HS256 under the public key': `Concordance ${await forge({ ...own, alg: 'HS256' }, claims, async (i) => bySecret(i))}`,
      'alg EdDSA': `Concordance ${await forge({ ...own, alg: 'EdDSA' }, claims, byPeer)}`,
      'alg ES256 on an Ed25519 key': `Concordance ${await forge({ ...own, alg: 'ES256' }, claims, byPeer)}`,
      'a key inside the header': `Concordance ${await forge({ ...own, jwk: {} }, claims, byPeer)}`,
      'a critical extension': `Concordance ${await forge({ ...own, crit: ['b64'] }, claims, byPeer)}`,
      'an unknown key': `Concordance ${await forge({ ...own, kid: other.signers.request.kid }, claims, byPeer)}`,
      'a key of another purpose': `Concordance ${await signCompact('concordance-request+jwt', claims, peer.signers.log)}`,
      'the key of another institute under this name': (await other.headers(path)).authorization,
      'an institute that is no peer': (await stranger.headers(path)).authorization,
      'a claim that is missing': `Concordance ${await forge(own, without(claims, 'jti'), byPeer)}`,
      'an audience of two': `Concordance ${await forge(own, { ...claims, aud: [audience] } as never, byPeer)}`,
      'a payload that is not canonical': `Concordance ${await forgeText(own, ` ${canonicalize(claims)}`, byPeer)}`,
      'a member that stands twice': `Concordance ${await forgeText(own, twice(canonicalize(claims)), byPeer)}`,
    }
    t.ok(Object.keys(cases).length >= 20)
    const expected = visible(await ask(undefined))
    for (const [name, authorization] of Object.entries(cases)) {
      const answer = await ask(authorization)
      t.equal(answer.status, 401, name)
      t.same(visible(answer), expected, `${name}: the same answer`)
    }
    t.equal((await askWith(await forge(own, peer.claims(path), byPeer))).status, 200, 'forged honestly it is answered')
  })

  await t.test('whoever holds the key is told what else is wrong', async (t) => {
    const now = Math.floor(Date.now() / 1_000)
    const cases: [string, Partial<RequestClaims>, string][] = [
      ['for another node', { aud: 'https://three.example' }, 'audience'],
      ['for our URL instead of our id', { aud: node.url.replace('http', 'https') }, 'audience'],
      ['expired', { iat: now - 200, exp: now - 140 }, 'clock'],
      ['from the future', { iat: now + 100, exp: now + 160 }, 'clock'],
      ['for another method', { htm: 'POST' }, 'target'],
      ['for another path', { tgt: '/v1/log/entries/?from=0' }, 'target'],
      ['for another query', { tgt: '/v1/log/entries?from=1' }, 'target'],
      ['for the path without its query', { tgt: '/v1/log/entries' }, 'target'],
      ['for another body', { bdg: encodeBase64url(randomBytes(32)) }, 'target'],
    ]
    for (const [name, changes, code] of cases) {
      const answer = await ask((await peer.headers(path, changes)).authorization)
      t.equal(answer.status, 401, name)
      t.equal(answer.json().code, code, `${name}: ${code}`)
      if (code === 'clock') t.ok(Math.abs((answer.json().serverTime ?? 0) - now) < 60, 'with the time here')
    }
  })

  await t.test('a token that lives longer than a minute is refused', async (t) => {
    const claims = peer.claims(path)
    const long = await signCompact('concordance-request+jwt', { ...claims, exp: claims.iat + 61 }, peer.signers.request)
    t.equal((await askWith(long)).status, 401)
  })

  await t.test('a token counts once, also for reading', async (t) => {
    const authorization = await honest()
    t.equal((await ask(authorization)).status, 200)
    const replayed = await ask(authorization)
    t.equal(replayed.status, 401)
    t.equal(replayed.json().code, 'replay')
  })

  await t.test('a token covers the body byte for byte', async (t) => {
    const notify = '/v1/notify'
    const body = '{"size":7}'
    const token = async () => (await peer.headers(notify, { htm: 'POST', bdg: digest(body) })).authorization
    const post = async (sent: string) =>
      send(node.url, { method: 'POST', path: notify, headers: { authorization: await token() }, body: sent })
    t.equal((await post(body)).status, 204)
    for (const altered of ['{"size":8}', '{"size": 7}', '{"size":7', '']) {
      const answer = await post(altered)
      t.equal(answer.status, 401, JSON.stringify(altered))
      t.equal(answer.json().code, 'target')
    }
  })

  await t.test('a peer that is suspended is no peer, within two seconds', async (t) => {
    const { db } = node.deps
    await db.updateTable('peer').set({ state: 'suspended' }).where('iss', '=', peer.iss).execute()
    const answer = await ask(await honest())
    t.ok([401, 403].includes(answer.status), 'the page is refused at once, by who may read it')
    t.match(answer.json(), { code: /unauthenticated|forbidden/ })
    await sleep(2_100)
    t.equal((await ask(await honest())).json().code, 'unauthenticated')
    await db.updateTable('peer').set({ state: 'active' }).where('iss', '=', peer.iss).execute()
    await sleep(2_100)
    t.equal((await ask(await honest())).status, 200)
  })
})

/** All that an asker can see, but for the date. */
function visible({ status, headers, text }: Answer) {
  const { date: _, ...rest } = headers
  return { status, headers: rest, text }
}

async function forge(
  header: JsonObject,
  claims: JsonObject,
  by: (input: string) => Promise<Uint8Array>,
): Promise<string> {
  return forgeText(header, canonicalize(claims), by)
}

async function forgeText(
  header: JsonObject,
  payload: string,
  by: (input: string) => Promise<Uint8Array>,
): Promise<string> {
  const input = `${encodeBase64url(Buffer.from(canonicalize(header)))}.${encodeBase64url(Buffer.from(payload))}`
  return `${input}.${encodeBase64url(await by(input))}`
}

function twice(text: string): string {
  return text.replace('"aud":', '"aud":"https://x.example","aud":')
}

function without(claims: RequestClaims, name: keyof RequestClaims): JsonObject {
  const { [name]: _, ...rest } = claims
  return rest as JsonObject
}

function flip(segment: string): string {
  const bytes = Buffer.from(segment, 'base64url')
  bytes[3] = (bytes[3] ?? 0) ^ 1
  return encodeBase64url(bytes)
}

/** Another last character that decodes to the same bytes. */
function nextSpelling(segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.at(-1) ?? 'A') + 1]
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}
