import { bearer, type Client, createClient } from '@concordance/client'
import { issueToken, readTokenSecret } from '@concordance/node'
import { api, type QueryOf } from '@concordance/protocol'
import type { Test } from 'tap'
import { startTestNode, type TestNode, type TestNodeOptions } from '../../../services/node/test/support/node.ts'
import { createMockPeer, introduce, type MockPeer, settingsOf } from './mock-peer.ts'

/** Entries that the node has verified of each peer's log. */
export const knownSize = 5

/** Entity id of the node that asks. */
export const asker = 'https://one.example'

/** One real node, and peers of which each does what a test tells it. */
export interface LiveWorld {
  readonly node: TestNode
  readonly peers: readonly MockPeer[]
  /** A program of the institute. */
  readonly staff: Client
  /** A person who does not work for it. */
  readonly researcher: Client
  clientOf(subject: string, staff?: boolean): Promise<Client>
}

const unlimited = { address: 1e9, public: 1e9, peer: 1e9, person: 1e9, federated: 1e9 }

export async function startWorld(
  t: Pick<Test, 'teardown'>,
  names: readonly string[],
  { file = {}, ...options }: TestNodeOptions = {},
): Promise<LiveWorld> {
  const peers = await Promise.all(
    names.map((name) => createMockPeer(t, { iss: `https://${name}.example`, audience: asker })),
  )
  const node = await startTestNode(t, { file: { rates: unlimited, peers: peers.map(settingsOf), ...file }, ...options })
  for (const peer of peers) await introduce(node, peer, knownSize)
  const secret = await readTokenSecret(node.config.dataDir)
  const clientOf = async (subject: string, staff = true) => {
    const asked = { name: subject, subject, scopes: ['read'] as const, staff, lifetimeSeconds: 600, actor: 'operator' }
    const { token } = await issueToken(node.deps, secret, asked)
    const client = createClient({ baseUrl: node.url, authorize: bearer(token), retries: 0 })
    t.teardown(() => client.close())
    return client
  }
  return { node, peers, staff: await clientOf('staff'), researcher: await clientOf('researcher', false), clientOf }
}

export type Asked = QueryOf<typeof api.streamSearch>

/** One federated search, and how long it took. */
export async function searchAll(client: Client, query: Asked = {}) {
  const started = performance.now()
  const result = await client.call(api.search, { query: { q: 'sycophancy', ...query, federated: true } })
  return { ...result, tookMs: performance.now() - started }
}

/** The only institute of an answer. */
export async function askOne(client: Client, query: Asked = {}) {
  const { institutes, hits, complete, queryId = '' } = await searchAll(client, query)
  const [institute] = institutes
  if (!institute || institutes.length > 1) throw new Error(`${institutes.length} institutes`)
  return { institute, hits, complete, queryId }
}
