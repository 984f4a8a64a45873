import type { Scope } from '@concordance/protocol'
import { type Logger, pino } from 'pino'
import type { Test } from 'tap'
import { createTestDatabase } from '../../../../test/support/database.ts'
import {
  initNode,
  issueToken,
  loadConfig,
  type NodeConfig,
  type NodeFile,
  type RunningNode,
  readTokenSecret,
  startNode,
} from '../../src/index.ts'
import { createTestFolder } from './folder.ts'
import { createPeer, type TestPeer } from './peer.ts'

const entityId = 'https://one.example'

export interface TestNode extends RunningNode {
  readonly config: NodeConfig
  /** An institute that is configured here as a peer, and whose keys are known. */
  readonly peer: TestPeer
  /** A fresh API token with these scopes. */
  token(...scopes: Scope[]): Promise<string>
  /** … of another person or program. */
  tokenOf(subject: string, ...scopes: Scope[]): Promise<string>
}

export interface TestNodeOptions {
  readonly file?: Partial<NodeFile>
  readonly overrides?: Partial<NodeConfig>
  readonly logger?: Logger
}

/** A real node on loopback with a database of its own and one peer, which it never calls. Gone when `t` ends. */
export async function startTestNode(
  t: Pick<Test, 'teardown'>,
  { file = {}, overrides = {}, logger = pino({ level: 'silent' }) }: TestNodeOptions = {},
): Promise<TestNode> {
  const dataDir = await createTestFolder(t)
  const peer = await createPeer(t, { iss: 'https://two.example', audience: entityId })
  const { url: databaseUrl } = await createTestDatabase(t)
  const peers = [{ iss: peer.iss, baseUrl: peer.iss, pin: peer.pin }]
  await initNode(dataDir, { entityId, baseUrl: entityId, port: 0, databaseUrl, peers, ...file }, new Date())
  const config = loadConfig(dataDir, {}, { role: 'web', ...overrides })
  const node = await startNode(config, logger)
  t.teardown(() => node.stop())
  await node.deps.db
    .insertInto('keyset')
    .values({ iss: peer.iss, seq: 1, document: peer.keyset, position: null })
    .execute()
  const secret = await readTokenSecret(dataDir)
  const tokenOf = async (subject: string, ...scopes: Scope[]) => {
    const asked = { name: 'test', subject, scopes, lifetimeSeconds: 600, actor: 'operator' }
    return (await issueToken(node.deps, secret, asked)).token
  }
  return {
    ...node,
    config,
    peer,
    token: (...scopes) => tokenOf('staff', ...scopes),
    tokenOf,
  }
}
