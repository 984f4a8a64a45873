import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createIdentity } from '@concordance/exchange'
import t, { type Test } from 'tap'
import {
  initNode,
  loadConfig,
  type NodeConfig,
  NodeError,
  type NodeFile,
  readTokenSecret,
  startNode,
} from '../src/index.ts'
import { createTestFolder } from './support/folder.ts'

const file = { entityId: 'https://one.example', baseUrl: 'https://one.example', databaseUrl: 'postgres://db/one' }
const people: NonNullable<NodeFile['people']> = {
  issuer: 'https://login.one.example',
  clientId: 'concordance',
  rolesClaim: 'groups',
  roles: { 'findings-authors': ['reader', 'author'] },
  staff: ['staff'],
}
const peer = { iss: 'https://two.example', baseUrl: 'https://two.example', pin: 'A'.repeat(43) }

t.test('the configuration', async (t) => {
  await t.test('comes from node.json, with defaults for the rest', async (t) => {
    const config = await load(t, { ...file, peers: [peer] })
    t.match(config, {
      ...file,
      host: '127.0.0.1',
      port: 8443,
      role: 'all',
      logLevel: 'info',
      migrate: true,
      peers: [peer],
    })
    t.equal(config.operations, undefined)
  })

  await t.test('is overruled by the environment, and that by the command line', async (t) => {
    const environment = { CONCORDANCE_PORT: '9000', CONCORDANCE_ROLE: 'web', DATABASE_URL: 'postgres://db/two' }
    t.match(await load(t, file, environment), { port: 9000, role: 'web', databaseUrl: 'postgres://db/two' })
    t.match(await load(t, file, environment, { role: 'worker' }), { port: 9000, role: 'worker' })
  })

  await t.test('takes a secret from the file that _FILE names', async (t) => {
    const folder = await createTestFolder(t)
    writeFileSync(join(folder, 'url'), 'postgres://user:secret@db/three\n')
    const config = await load(t, file, { DATABASE_URL_FILE: join(folder, 'url') })
    t.equal(config.databaseUrl, 'postgres://user:secret@db/three')
    await refused(t, file, /DATABASE_URL_FILE/, { DATABASE_URL_FILE: join(folder, 'none') })
  })

  await t.test('names every problem at once', async (t) => {
    const broken = {
      ...file,
      entityId: 'http://one.example',
      peers: [{ ...peer, baseUrl: 'http://two.example' }, peer],
    }
    const error = await refused(t, broken, /entityId/, { CONCORDANCE_PORT: '99999', CONCORDANCE_LOG_LEVEL: 'loud' })
    t.match(error.message, /http:\/\/two\.example is not https/)
    t.match(error.message, /stands twice/)
    t.match(error.message, /CONCORDANCE_PORT/)
    t.match(error.message, /CONCORDANCE_LOG_LEVEL/)
  })

  await t.test('refuses a setting that does not exist', async (t) => {
    await refused(t, { ...file, prot: 1 } as never, /prot/)
    await refused(t, { ...file, peers: [{ ...peer, insecure: true } as never] }, /insecure/)
    await refused(t, { ...file, rates: { everybody: 1 } as never }, /everybody/)
  })

  await t.test('says when the log grows for others, within limits', async (t) => {
    t.equal((await load(t, file)).sealing, undefined)
    for (const sealing of ['immediate', { every: 3_600, leaves: 16 }, { every: 18_000, leaves: 4_096 }] as const) {
      t.same((await load(t, { ...file, sealing })).sealing, sealing)
    }
    const wrong = [
      { every: 0, leaves: 1 },
      { every: 18_001, leaves: 1 },
      { every: 60, leaves: 0 },
      { every: 1.5, leaves: 1 },
    ]
    const strange = ['hourly', { every: 60 }, { every: 60, leaves: 4_097 }, { every: 60, leaves: 1, jitter: 1 }]
    for (const sealing of [...wrong, ...strange]) await refused(t, { ...file, sealing } as never, /sealing/)
  })

  await t.test('refuses a file that is missing, or that is no JSON', async (t) => {
    const folder = await createTestFolder(t)
    t.throws(() => loadConfig(folder, {}), { code: 'CONFIG' })
    writeFileSync(join(folder, 'node.json'), '{"entityId":1,"entityId":2}')
    t.throws(() => loadConfig(folder, {}), { code: 'CONFIG' })
  })

  await t.test('refuses to be without a database', async (t) => {
    const { databaseUrl: _, ...without } = file
    await refused(t, without, /DATABASE_URL/)
    await refused(t, { ...file, databaseUrl: 'mysql://db' }, /postgres/)
  })

  await t.test('allows plain http to a peer only on loopback, only where said, only from loopback', async (t) => {
    const insecure = { ...peer, baseUrl: 'http://127.0.0.1:9001', insecureLoopback: true }
    const { insecureLoopback: _, ...silent } = insecure
    t.equal((await load(t, { ...file, peers: [insecure] })).peers.length, 1)
    t.equal((await load(t, { ...file, host: '::1', peers: [insecure] })).peers.length, 1)
    await refused(t, { ...file, peers: [silent] }, /not https/)
    await refused(t, { ...file, peers: [{ ...insecure, baseUrl: 'http://localhost:9001' }] }, /not https/)
    await refused(t, { ...file, peers: [{ ...insecure, baseUrl: 'http://10.0.0.1:9001' }] }, /not https/)
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost']) {
      await refused(t, { ...file, host, peers: [insecure] }, /listens on loopback/)
    }
  })

  await t.test('refuses plain http as our own address, unless we are on loopback', async (t) => {
    const baseUrl = 'http://127.0.0.1:8443'
    t.equal((await load(t, { ...file, baseUrl })).baseUrl, baseUrl)
    await refused(t, { ...file, baseUrl, host: '0.0.0.0' }, /baseUrl/)
    await refused(t, { ...file, baseUrl: 'http://one.example' }, /baseUrl/)
  })

  await t.test('says how people sign in, with defaults for the rest', async (t) => {
    const folder = await createTestFolder(t)
    const clientSecretFile = join(folder, 'client.secret')
    writeFileSync(clientSecretFile, 'shared with the provider\n', { mode: 0o600 })
    t.equal((await load(t, file)).people, undefined)
    const config = await load(t, { ...file, people: { ...people, clientSecretFile } })
    t.match(config.people, {
      issuer: people.issuer,
      clientSecret: 'shared with the provider',
      scope: 'openid',
      algorithm: 'RS256',
      audience: undefined,
      tokenLifetimeMs: 3_600_000,
      idleMs: 3_600_000,
      absoluteMs: 43_200_000,
    })
    t.same(config.people?.roles.get('findings-authors'), ['reader', 'author'])
    t.equal(config.people?.roles.get('toString'), undefined)
  })

  await t.test('refuses a provider that cannot be trusted, or roles that anybody could take', async (t) => {
    const folder = await createTestFolder(t)
    const open = join(folder, 'open.secret')
    writeFileSync(open, 'x', { mode: 0o644 })
    const broken: Record<string, [object, RegExp]> = {
      'plain http': [{ issuer: 'http://login.one.example' }, /people\.issuer/],
      'plain http on a named loopback': [{ issuer: 'http://localhost:1', insecureLoopback: true }, /people\.issuer/],
      'a query': [{ issuer: 'https://login.one.example?x=1' }, /people\.issuer/],
      'a fragment': [{ issuer: 'https://login.one.example#x' }, /people\.issuer/],
      'an address as role': [{ rolesClaim: 'email' }, /says who somebody is/],
      'a role that does not exist': [{ roles: { x: ['admin'] } }, /roles/],
      'alg none': [{ algorithm: 'none' }, /algorithm/],
      'a shared secret': [{ algorithm: 'HS256' }, /algorithm/],
      'a secret in the file itself': [{ clientSecret: 'x' }, /clientSecret/],
      'a secret that others can read': [{ clientSecretFile: open }, /open to other users/],
      'a secret that is not there': [{ clientSecretFile: join(folder, 'none') }, /cannot be read/],
      'an endless session': [{ sessionHours: 1_000 }, /sessionHours/],
    }
    for (const [changes, names] of Object.values(broken)) {
      await refused(t, { ...file, people: { ...people, ...changes } } as never, names)
    }
    const loopback = { ...people, issuer: 'http://127.0.0.1:9100', insecureLoopback: true }
    t.equal((await load(t, { ...file, people: loopback })).people?.insecureLoopback, true)
    await refused(t, { ...file, host: '0.0.0.0', people: loopback }, /listens on loopback/)
  })

  await t.test('refuses a node that is its own peer, and proxies that are no networks', async (t) => {
    await refused(t, { ...file, peers: [{ ...peer, iss: file.entityId }] }, /itself/)
    t.same((await load(t, { ...file, trustedProxies: ['10.0.0.0/8', '::1'] })).trustedProxies, ['10.0.0.0/8', '::1'])
    for (const proxy of ['true', '10.0.0.0/33', 'proxy.example', '*']) {
      await refused(t, { ...file, trustedProxies: [proxy] }, /trustedProxies/)
    }
  })
})

t.test('what a node needs besides', async (t) => {
  await t.test('a data folder is made once', async (t) => {
    const folder = await createTestFolder(t)
    t.match(await initNode(folder, file, new Date()), /^[\w-]{43}$/)
    await t.rejects(initNode(folder, file, new Date()), { code: 'conflict' })
  })

  await t.test('a secret that others can read is refused', async (t) => {
    const folder = await createTestFolder(t)
    await createIdentity(folder, { entityId: file.entityId, now: new Date() })
    const secret = await readTokenSecret(folder)
    t.equal(await readTokenSecret(folder), secret, 'it is made once')
    chmodSync(join(folder, 'keys', 'token.secret'), 0o640)
    await t.rejects(readTokenSecret(folder), { code: 'CONFIG' })
    chmodSync(join(folder, 'keys', 'token.secret'), 0o600)
    writeFileSync(join(folder, 'keys', 'token.secret'), 'short')
    await t.rejects(readTokenSecret(folder), { code: 'CONFIG' })
  })

  await t.test('a database that does not answer refuses the start', async (t) => {
    const folder = await createTestFolder(t)
    await initNode(folder, { ...file, databaseUrl: 'postgres://127.0.0.1:1/none' }, new Date())
    await t.rejects(startNode(loadConfig(folder, {}, { logLevel: 'silent' })), { code: 'store-unavailable' })
  })
})

async function load(
  t: Test,
  content: NodeFile,
  environment: Record<string, string> = {},
  overrides: Partial<NodeConfig> = {},
): Promise<NodeConfig> {
  const folder = await createTestFolder(t)
  writeFileSync(join(folder, 'node.json'), JSON.stringify(content))
  return loadConfig(folder, environment, overrides)
}

/** The configuration is refused, and the message names what is wrong. */
async function refused(
  t: Test,
  content: NodeFile,
  names: RegExp,
  environment: Record<string, string> = {},
): Promise<Error> {
  const error = await load(t, content, environment).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof NodeError)) throw new Error(`was not refused: ${names}`)
  t.equal(error.code, 'CONFIG')
  t.match(error.message, names)
  return error
}
