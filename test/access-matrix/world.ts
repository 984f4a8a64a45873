import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listPeerSync, projectAll } from '@concordance/exchange'
import { initNode, loadConfig, type NodeFile, type RunningNode, startNode } from '@concordance/node'
import type { Test } from 'tap'
import { createTestFolder } from '../../services/node/test/support/folder.ts'
import { until } from '../network/until.ts'
import { createTestDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { startProvider } from '../support/provider.ts'
import {
  anonymous,
  type Caller,
  createPeers,
  type Peers,
  type PersonName,
  peerCaller,
  peerNames,
  people,
  signIn,
} from './callers.ts'
import type { ViewerName } from './oracle.ts'
import { openSite, type Planted } from './plant.ts'
import {
  changeCircle,
  changeOriginals,
  changeOwn,
  plantEarly,
  plantEnding,
  plantEndingOriginals,
  plantLapsed,
  plantLate,
  plantLive,
  plantOriginals,
} from './records.ts'

export interface World {
  readonly node: RunningNode
  /** The other node, whose records are copied. */
  readonly origin: RunningNode
  readonly peers: Peers
  readonly callers: Readonly<Record<ViewerName, Caller>>
  readonly records: readonly Planted[]
}

const nodeId = 'https://node.example'
const originId = 'https://origin.example'
/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9'
const audience = `${nodeId}/api`

/** Seconds until what is to end within this test has ended: groups that run out, and embargoes. */
const soonSeconds = 8
const laterSeconds = 3_600

/** A node with peers, people and one record for every row of the oracle's tables, of which nothing changes any more. */
export async function createWorld(t: Pick<Test, 'teardown'>): Promise<World> {
  const founded = await found(t)
  const { node, origin, peers, provider, workers } = founded
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const place = { url: node.url, baseUrl: nodeId, agent }
  const callers = { anonymous: anonymous(place) } as Record<ViewerName, Caller>
  for (const name of peerNames) callers[name] = peerCaller(place, name, peers[name])
  for (const name of Object.keys(people) as PersonName[]) callers[name] = await signIn(place, provider, name)
  const hand = `${provider.issuer}#author`
  const records: Planted[] = []
  const ours = openSite('own', node, hand, records)
  const theirs = openSite('mirrored', origin, hand, records)
  const foreign = await plantOriginals(theirs, nodeId, peers.relay.iss)
  await isCopied(node, origin)
  const circle = await plantEarly(ours, peers)
  for (const name of peerNames) if (name !== 'unknown') await readLog(callers[name])
  await changeCircle(ours, peers, circle)
  await plantLate(ours, circle, foreign)
  const end = Math.floor(Date.now() / 1_000) + soonSeconds
  await plantEndingOriginals(theirs, foreign, end)
  await plantEnding(ours, circle, end)
  await isCopied(node, origin)
  await sleep(Math.max(0, end * 1_000 + 1_000 - Date.now()))
  await until('the ended embargoes are told', () => isTold(node, ours.get('clear^')))
  await changeOwn(ours, circle, callers.publisher)
  await changeOriginals(theirs, foreign)
  await isCopied(node, origin)
  await suspend(callers.operator, peers.suspended.iss)
  for (const worker of workers) await worker.stop()
  await plantLapsed(ours, peers)
  await plantLive(openSite('live', origin, hand, records), foreign)
  for (const { deps } of [node, origin]) await projectAll(deps)
  return { node, origin, peers, callers, records }
}

/** Two nodes, each as one process that answers and one that works until the world is complete. */
async function found(t: Pick<Test, 'teardown'>) {
  const peers = await createPeers(t, nodeId)
  const provider = await startProvider({ redirectUri: `${nodeId}/v1/sign-in/return`, audience })
  t.teardown(() => provider.stop())
  const originPort = await freePort()
  const originUrl = `http://127.0.0.1:${originPort}`
  const [nodeDir, originDir] = [await createTestFolder(t), await createTestFolder(t)]
  const clientSecretFile = join(nodeDir, 'client.secret')
  writeFileSync(clientSecretFile, provider.clientSecret, { mode: 0o600 })
  const nodePin = await initNode(nodeDir, { entityId: nodeId, baseUrl: nodeId }, new Date())
  const originPin = await initNode(originDir, { entityId: originId, baseUrl: originUrl }, new Date())
  const insecureLoopback = true
  const known = peerNames
    .filter((name) => name !== 'unknown')
    .map((name) => {
      const ceiling = name === 'green' ? ('GREEN' as const) : name === 'clear' ? ('CLEAR' as const) : undefined
      const { iss, pin } = peers[name]
      return { iss, baseUrl: nowhere, pin, insecureLoopback, ...(ceiling && { ceiling }) }
    })
  const node = await start(t, nodeDir, {
    entityId: nodeId,
    baseUrl: nodeId,
    port: 0,
    peers: [...known, { iss: originId, baseUrl: originUrl, pin: originPin, insecureLoopback }],
    people: peopleOf(provider, clientSecretFile),
  })
  const origin = await start(t, originDir, {
    entityId: originId,
    baseUrl: originUrl,
    port: originPort,
    peers: [{ iss: nodeId, baseUrl: nowhere, pin: nodePin, insecureLoopback }],
  })
  const keysets = peerNames.map((name) => ({ iss: peers[name].iss, seq: 1, document: peers[name].keyset }))
  await insertKeysets(node.web, keysets)
  const { compact } = node.web.deps.identity.keyset()
  await insertKeysets(origin.web, [{ iss: nodeId, seq: 1, document: compact }])
  return { node: node.web, origin: origin.web, workers: [node.worker, origin.worker], peers, provider }
}

function peopleOf({ issuer, clientId }: { issuer: string; clientId: string }, clientSecretFile: string) {
  return {
    issuer,
    clientId,
    clientSecretFile,
    scopes: ['profile'],
    audience,
    rolesClaim: 'groups',
    roles: {
      readers: ['reader'],
      authors: ['author'],
      reviewers: ['reviewer'],
      publishers: ['publisher'],
      operators: ['operator'],
    },
    staff: ['staff'],
    insecureLoopback: true,
  } satisfies NodeFile['people']
}

/** Everything here comes from one address, in a hurry. */
const unlimited = { address: 1e9, public: 1e9, peer: 1e9, person: 1e9, federated: 1e9, export: 1e9 }

async function start(t: Pick<Test, 'teardown'>, dataDir: string, file: NodeFile) {
  const { url: databaseUrl } = await createTestDatabase(t)
  const settings = { ...file, rates: unlimited, compareEverySeconds: laterSeconds }
  writeFileSync(join(dataDir, 'node.json'), JSON.stringify(settings), { mode: 0o600 })
  const web = await startNode(loadConfig(dataDir, {}, { databaseUrl, logLevel: 'silent', role: 'web' }))
  t.teardown(() => web.stop())
  const worker = await startNode(loadConfig(dataDir, {}, { databaseUrl, logLevel: 'silent', role: 'worker' }))
  t.teardown(() => worker.stop())
  return { web, worker }
}

async function insertKeysets(
  { deps }: RunningNode,
  keysets: readonly { iss: string; seq: number; document: string }[],
) {
  const rows = keysets.map((keyset) => ({ ...keyset, position: null }))
  await deps.db.insertInto('keyset').values(rows).execute()
}

/** Reads all of the log that is open to a peer, so that the delivery log knows of it. */
async function readLog({ ask }: Caller): Promise<void> {
  const { status } = await ask({ path: '/v1/log/entries?from=0' })
  if (status !== 200) throw new Error(`a peer cannot read the log: ${status}`)
}

async function isTold({ deps }: RunningNode, { position }: Planted): Promise<boolean> {
  const rows = await deps.db.selectFrom('access_item').select('seq').where('position', '=', position).execute()
  return rows.length > 0
}

/** The copy has everything, and knows what has become of it. */
async function isCopied(node: RunningNode, origin: RunningNode): Promise<void> {
  await until('the log of the other node is copied', async () => {
    const own = await origin.deps.db
      .selectFrom('log')
      .select('size')
      .where('is_own', '=', true)
      .executeTakeFirstOrThrow()
    const told = await origin.deps.db.selectFrom('access_item').select('seq').where('peer', '=', nodeId).execute()
    const { items } = { items: await listPeerSync(node.deps) }
    const copy = await node.deps.db.selectFrom('log').select('access_at').where('iss', '=', originId).executeTakeFirst()
    return items.some(({ iss, size }) => iss === originId && size === own.size) && copy?.access_at === told.length
  })
  await projectAll(node.deps)
}

async function suspend({ ask }: Caller, iss: string): Promise<void> {
  const { status } = await ask({ method: 'POST', path: `/v1/peers/${encodeURIComponent(iss)}/suspend` })
  if (status !== 204) throw new Error(`the peer is not suspended: ${status}`)
}
