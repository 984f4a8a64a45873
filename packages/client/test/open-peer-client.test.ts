import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  api,
  createLocalSigner,
  emptyBodyDigest,
  generatePrivateJwk,
  importVerifyKey,
  parseRequestTokenUnsafe,
  publicJwkOf,
  verifyRequestToken,
} from '@concordance/protocol'
import t from 'tap'
import { openPeerClient, type PeerClientOptions } from '../src/index.ts'
import { answering, serve, type Test } from './support/serve.ts'

const jwk = generatePrivateJwk('Ed25519')
const now = new Date('2026-01-02T03:04:05Z')
const identity = {
  iss: 'https://asker.example',
  signer: createLocalSigner(jwk),
  now: () => now,
  random: (n: number) => randomBytes(n),
}
const asked = { iss: 'https://asked.example', identity, retries: 0 }

function open(t: Test, options: Partial<PeerClientOptions> & { baseUrl: string }) {
  const client = openPeerClient({ ...asked, ...options })
  t.teardown(() => client.close())
  return client
}

const alive: RequestListener = answering({ status: 'ok' })

t.test('a call to a peer carries a request token that its node accepts', async (t) => {
  const requests: IncomingMessage[] = []
  const baseUrl = await serve(t, (request, response) => {
    requests.push(request)
    if (requests.length === 1) response.destroy()
    else alive(request, response)
  })
  const client = open(t, { baseUrl, insecureLoopback: true, retries: 1 })
  await client.call(api.getLiveness, {})
  const tokens = requests.map(({ headers }) =>
    parseRequestTokenUnsafe((headers.authorization ?? '').replace('Concordance ', '')),
  )
  for (const token of tokens) {
    t.doesNotThrow(() =>
      verifyRequestToken(token, {
        key: importVerifyKey(publicJwkOf(jwk)),
        audience: 'https://asked.example',
        method: 'GET',
        target: '/livez',
        bodyDigest: emptyBodyDigest,
        nowSeconds: now.getTime() / 1000,
      }),
    )
  }
  t.equal(new Set(tokens.map(({ claims }) => claims.jti)).size, 2, 'and every try carries another one')
})

t.test('a peer on plain http', async (t) => {
  const baseUrl = await serve(t, alive)
  t.throws(() => open(t, { baseUrl }), { code: 'URL_REFUSED' }, 'is refused')
  const { port } = new URL(baseUrl)
  t.throws(() => open(t, { baseUrl: `http://localhost:${port}`, insecureLoopback: true }), { code: 'URL_REFUSED' })
  const client = open(t, { baseUrl, insecureLoopback: true })
  t.same(
    await client.call(api.getLiveness, {}),
    { status: 'ok' },
    'is called at a literal loopback address if so configured',
  )
})

t.test('a peer on https', async (t) => {
  const { port, requests } = await serveHttps(t)
  const baseUrl = `https://peer.test:${port}`
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const call = (options: Partial<PeerClientOptions> & { baseUrl: string }) => open(t, options).call(api.getLiveness, {})

  await t.rejects(
    call({ baseUrl, resolve }),
    { code: 'ADDRESS_REFUSED' },
    'whose name stands for a private address is not called',
  )
  await t.rejects(
    call({ baseUrl: `https://127.0.0.1:${port}` }),
    { code: 'ADDRESS_REFUSED' },
    'nor a private address itself',
  )
  t.equal(requests.length, 0)
  const allowCidrs = ['127.0.0.0/8']
  await t.rejects(
    call({ baseUrl, resolve, allowCidrs }),
    { code: 'UNREACHABLE' },
    'must show a certificate that is accepted',
  )
  trustTestCertificate(t)
  t.same(await call({ baseUrl, resolve, allowCidrs }), { status: 'ok' }, 'is called in a network that is allowed')
  await t.rejects(
    call({ baseUrl: `https://other.test:${port}`, resolve, allowCidrs }),
    { code: 'UNREACHABLE' },
    'must show a certificate of its own name',
  )
})

t.test('proxy settings of the environment are not followed', async (t) => {
  const proxied: string[] = []
  const proxy = await serve(t, (request, response) => {
    proxied.push(request.url ?? '')
    response.destroy()
  })
  const baseUrl = await serve(t, alive)
  for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY']) {
    process.env[name] = proxy
    t.teardown(() => delete process.env[name])
  }
  t.same(await open(t, { baseUrl, insecureLoopback: true }).call(api.getLiveness, {}), { status: 'ok' })
  t.same(proxied, [])
})

const certificate = (name: string) => readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8')

async function serveHttps(t: Test) {
  const requests: IncomingMessage[] = []
  const server = createServer(
    { key: certificate('peer.test.key.pem'), cert: certificate('peer.test.cert.pem') },
    (request, response) => {
      requests.push(request)
      alive(request, response)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, requests }
}

function trustTestCertificate(t: Test): void {
  const before = getCACertificates()
  setDefaultCACertificates([...before, certificate('peer.test.cert.pem')])
  t.teardown(() => setDefaultCACertificates(before))
}
