import { randomBytes, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { appendRecord, projectAll, syncNow } from '@concordance/exchange'
import { api, type Receipt, type RecordInput } from '@concordance/protocol'
import pg from 'pg'
import type { Test } from 'tap'
import { testServer } from '../support/database.ts'
import { type Institute, type Network, type NetworkOptions, startNetwork } from './start-network.ts'

export const dataRoot = join(dirname(dirname(import.meta.dirname)), '.data')

export interface TestNetwork extends Network {
  /** Superuser of the server that holds the databases, `<prefix>_<key>`; those with the prefix go when the test ends. */
  readonly serverUrl: string
  readonly prefix: string
  readonly dataDir: string
}

/**
 * A network that is gone with its databases and folders when the test ends. Nodes have the role `web` where nothing else
 * is said, so that they follow, compare and project when the test says so and at no other time.
 */
export async function startTestNetwork(
  t: Pick<Test, 'teardown'>,
  keys: readonly string[],
  options: Partial<NetworkOptions> = {},
): Promise<TestNetwork> {
  const prefix = `test_${randomBytes(6).toString('hex')}`
  const dataDir = join(dataRoot, `test-network-${prefix}`)
  const { url: serverUrl, template } = await testServer()
  const institutes = keys.map((key) => ({ key, name: { en: `Institute ${key}` } }))
  let network: Network | undefined
  t.teardown(async () => {
    await network?.stop()
    await rm(dataDir, { recursive: true, force: true })
    await dropDatabases(serverUrl, prefix)
  })
  network = await startNetwork({ institutes, dataDir, serverUrl, prefix, template, role: 'web', ...options })
  if (options.role === undefined) await introduce(network.institutes)
  return { ...network, serverUrl, prefix, dataDir }
}

/**
 * Makes everybody know everybody's keys. A node answers a peer only once it has seen that peer's keys; nodes that run by
 * themselves get over that, and a test need not wait for it.
 */
async function introduce(institutes: readonly Institute[]): Promise<void> {
  for (const { node } of institutes) {
    for (const other of institutes) {
      if (other.node === node) continue
      const { compact, document } = other.node.deps.identity.keyset()
      const values = { iss: other.entityId, seq: document.seq, document: compact, position: null }
      await node.deps.db.insertInto('keyset').values(values).execute()
    }
  }
}

/** Publishes an observation, as if it had been reviewed. */
export async function publish(
  { node }: Pick<Institute, 'node'>,
  seen: string,
  mark: RecordInput['mark'] = { tlp: 'GREEN', relay: 'none' },
  changes: Partial<RecordInput> = {},
): Promise<Receipt> {
  const content = {
    seen: { en: seen },
    country: 'KE',
    sector: 'health',
    howOften: 'weekly',
    wish: { en: 'A joint test.' },
  }
  const body = { type: 'observation', lang: 'en', mark, content: { ...content, synthetic: true }, ...changes }
  return appendRecord(node.deps, body, { actor: 'program', idempotencyKey: randomUUID() })
}

/** One round: follows every peer once, compares with every peer once, and reads what came into the projection. */
export async function round(...institutes: readonly Pick<Institute, 'node'>[]): Promise<void> {
  for (const { node } of institutes) {
    await syncNow(node.deps)
    await projectAll(node.deps)
  }
}

/** How `institute` treats the log of `peer`. */
export async function syncOf(institute: Institute, peer: Institute) {
  const { items } = await institute.client.call(api.listPeerSync, {})
  return items.find(({ iss }) => iss === peer.entityId)
}

/** Kept evidence against `peer`. */
export async function misconductOf(institute: Institute, peer: Institute) {
  const { items } = await institute.client.call(api.listMisconduct, {})
  return items.filter(({ iss }) => iss === peer.entityId)
}

/** Runs SQL as an attacker who owns the database: no trigger and no foreign key is in the way. */
export async function tamper(connectionString: string, ...statements: (readonly [string, ...unknown[]])[]) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query('begin')
    await client.query(`set local session_replication_role = replica`)
    for (const [sql, ...values] of statements) await client.query(sql, values)
    await client.query('commit')
  } finally {
    await client.end()
  }
}

/** Runs one query on a database and returns its rows. */
export async function rowsOf<Row extends pg.QueryResultRow>(
  connectionString: string,
  sql: string,
  ...values: unknown[]
): Promise<Row[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<Row>(sql, values)).rows
  } finally {
    await client.end()
  }
}

async function dropDatabases(serverUrl: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    `select datname as name from pg_database where starts_with(datname, $1)`,
    [`${prefix}_`],
  )
  for (const { name } of rows) await client.query(`drop database "${name}" with (force)`)
  await client.end()
}
