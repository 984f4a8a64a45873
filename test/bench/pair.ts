import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { appendRecord, approveDraft, createDraft, projectAll, submitDraft, syncNow } from '@concordance/exchange'
import { loadConfig, type NodeConfig, startNode } from '@concordance/node'
import pg from 'pg'
import { type Institute, startNetwork } from '../network/start-network.ts'
import { synthesiseContent } from './records.ts'

/** Two institutes that know each other's keys; neither is running. */
export interface Pair {
  readonly origin: Side
  /** Holds nothing of the origin's log. Its own database is never written: rounds work on copies. */
  readonly receiver: Side
  readonly serverUrl: string
  /** Process id of the postmaster. */
  readonly serverPid: number
}

export interface Side {
  readonly entityId: string
  readonly pin: string
  /** Of a program with every scope. */
  readonly token: string
  config(overrides?: Partial<NodeConfig>): NodeConfig
}

export interface PairOptions {
  readonly dataDir: string
  readonly serverUrl: string
  readonly serverPid: number
  readonly prefix: string
}

/** Makes a pair and lets the origin learn the receiver's keys, so that its first request is answered. */
export async function foundPair({ dataDir, serverUrl, serverPid, prefix }: PairOptions): Promise<Pair> {
  const institutes = [
    { key: 'origin', name: { en: 'Origin' } },
    { key: 'receiver', name: { en: 'Receiver' } },
  ]
  const network = await startNetwork({ institutes, serverUrl, prefix, role: 'web', dataDir: join(dataDir, prefix) })
  await syncNow(network.institute('origin').node.deps)
  const [origin, receiver] = network.institutes.map(sideOf) as [Side, Side]
  await network.stop()
  return { origin, receiver, serverUrl, serverPid }
}

/** Publishes in this process, as many at a time as the writer takes into one batch, until the log has `size` entries. */
export async function growTo({ origin }: Pair, size: number): Promise<void> {
  const node = await startNode(origin.config({ role: 'web' }))
  const first = (await node.deps.writer.seal({ freshenAfterSeconds: 0 }))?.size ?? 0
  let next = first
  const publisher = async () => {
    while (next < size)
      await appendRecord(node.deps, recordOf(next++), { actor: 'bench', idempotencyKey: randomUUID() })
  }
  await Promise.all(Array.from({ length: 256 }, publisher))
  await projectAll(node.deps)
  await node.stop()
}

/**
 * Returns when a running node has read its own log to the end, everything in it is found by a search, and the database has
 * nothing more to do: it puts the index in order behind the last record.
 */
export async function untilProjected({ config }: Side): Promise<void> {
  const { databaseUrl } = config()
  while ((await execute(databaseUrl, busy)).length > 0) await sleep(100)
}

const busy = `
  select 1 from log left join projection on projection.log = log.id where is_own and coalesce(least(position, indexed), 0) < size
  union all
  select 1 from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`

/** Drafts of the same, written by one person and approved by another: ids, ready to be published. */
export async function approveDrafts({ origin }: Pair, count: number): Promise<string[]> {
  const node = await startNode(origin.config({ role: 'web' }))
  const callOf = (actor: string) => ({ actor, idempotencyKey: randomUUID() })
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    const draft = await createDraft(node.deps, recordOf(i), callOf('author'))
    await submitDraft(node.deps, draft, undefined, callOf('author'))
    const hazard = { answer: 'none', text: 'Synthetic.' } as const
    await approveDraft(node.deps, draft, { hazard }, callOf('reviewer'))
    ids.push(draft.id)
  }
  await node.stop()
  return ids
}

/** What each of these benches publishes. */
export function recordOf(i: number) {
  const mark = { tlp: 'GREEN', relay: 'none' } as const
  return { type: 'observation', lang: 'en', mark, content: synthesiseContent(i) }
}

/** Gives `work` the receiver on a fresh copy of its database. */
export async function withFreshReceiver<Result>(
  { receiver, serverUrl }: Pair,
  work: (config: NodeConfig) => Promise<Result>,
  overrides: Partial<NodeConfig> = {},
): Promise<Result> {
  const { databaseUrl: template } = receiver.config()
  const name = `bench_${randomUUID().replaceAll('-', '')}`
  const url = new URL(template)
  url.pathname = `/${name}`
  await execute(serverUrl, `create database ${name} template "${new URL(template).pathname.slice(1)}"`)
  try {
    return await work(receiver.config({ ...overrides, databaseUrl: url.href }))
  } finally {
    await execute(serverUrl, `drop database ${name} with (force)`)
  }
}

export async function execute(connectionString: string, sql: string, values?: unknown[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}

function sideOf({ entityId, pin, token, dataDir, databaseUrl }: Institute): Side {
  const config = (overrides: Partial<NodeConfig> = {}) =>
    loadConfig(dataDir, {}, { databaseUrl, logLevel: 'warn', compareEveryMs: 3_600_000, ...overrides })
  return { entityId, pin, token, config }
}
