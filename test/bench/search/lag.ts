import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { appendRecord } from '@concordance/exchange'
import { type NodeConfig, startNode } from '@concordance/node'
import pg from 'pg'
import { startChildNode } from '../child-node.ts'
import { foundPair, type Pair, untilProjected, withFreshReceiver } from '../pair.ts'
import { type Figure, seriesOf } from '../series.ts'
import { synthesiseRecords } from './corpus.ts'

const withinMs = 300_000
const lookEveryMs = 25

/**
 * How long after a record is verified it is found, while a log of realistic text is copied at full speed into an empty node, and once
 * all of it is verified; and what projection and index together cost the copying.
 */
export async function benchIndexLag(pair: Pair, { size, rounds }: { size: number; rounds: number }) {
  const ownPair = await foundPair({ ...pair, dataDir: dirname(pair.origin.config().dataDir), prefix: 'lag' })
  await publishTexts(ownPair, size)
  const origin = await startChildNode(ownPair.origin.config())
  const [indexed, unindexed]: [Copied[], Copied[]] = [[], []]
  try {
    await untilProjected(ownPair.origin)
    for (let round = 0; round < rounds; round++) {
      indexed.push(await copy(ownPair, size, true))
      unindexed.push(await copy(ownPair, size, false))
    }
  } finally {
    await origin.stop()
  }
  const each = (rows: readonly Copied[], value: (row: Copied) => number) => seriesOf(rows.map(value))
  const name = size.toLocaleString('en')
  const during = each(indexed, ({ lagWhileSyncingMs }) => lagWhileSyncingMs / 1_000)
  const after = each(indexed, ({ foundMs, verifiedMs }) => (foundMs - verifiedMs) / 1_000)
  const [took, beside] = [
    each(indexed, ({ verifiedMs }) => verifiedMs),
    each(unindexed, ({ verifiedMs }) => verifiedMs),
  ]
  const slower = seriesOf(took.values.map((value, round) => value / (beside.values[round] as number)))
  const rates = indexed.map(({ foundMs, verifiedMs }) => Math.round((size / (foundMs - verifiedMs)) * 1_000))
  const figures: Figure[] = [
    {
      name: `index lag while syncing ${name} of realistic text`,
      unit: 's',
      measured: during,
      target: { text: '≤ 5 s', holds: during.median <= 5 },
    },
    {
      name: `all of ${name} found after the last is verified`,
      unit: 's',
      measured: after,
      target: { text: '≤ 1 s', holds: after.median <= 1 },
    },
    {
      name: `sync of ${name}, start included, with the projection and the index`,
      unit: 'ms',
      measured: took,
      limit: { name: 'without both', series: beside },
      ratio: slower,
      target: { text: 'ratio ≤ 1.15', holds: slower.median <= 1.15 },
    },
  ]
  return { figures, notes: [`projected and indexed after the end of a sync: ${rates.join(', ')} records/s`] }
}

async function publishTexts({ origin }: Pair, count: number): Promise<void> {
  const node = await startNode(origin.config({ role: 'web' }))
  const records = synthesiseRecords(count)
  const publisher = async () => {
    for (const { type, lang, body: content } of records) {
      const input = { type, lang, mark: { tlp: 'GREEN', relay: 'none' }, content } as const
      await appendRecord(node.deps, input, { actor: 'bench', idempotencyKey: randomUUID() })
    }
  }
  await Promise.all(Array.from({ length: 256 }, publisher))
  await node.stop()
}

/** Since the node was started. */
interface Copied {
  readonly verifiedMs: number
  readonly foundMs: number
  /** Before the last was verified: the longest time for which something verified was not found. */
  readonly lagWhileSyncingMs: number
}

/** @param isIndexed Otherwise projection and index are kept from it: another process seems to be at them. */
function copy(pair: Pair, size: number, isIndexed: boolean): Promise<Copied> {
  return withFreshReceiver(pair, async (config) => {
    const holder = new pg.Client({ connectionString: config.databaseUrl })
    await holder.connect()
    if (!isIndexed) await holdProjection(holder)
    const started = performance.now()
    const node = await startChildNode(config)
    try {
      return await watch(config, size, started, isIndexed)
    } finally {
      await node.stop()
      await holder.end()
    }
  })
}

async function holdProjection(client: pg.Client): Promise<void> {
  await client.query('insert into projection (log) select id from log on conflict do nothing')
  await client.query('begin')
  await client.query('select from projection for update')
}

async function watch({ databaseUrl }: NodeConfig, size: number, started: number, isIndexed: boolean): Promise<Copied> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const text = `select log.size::int, coalesce(projection.indexed, 0)::int as indexed from log
    left join projection on projection.log = log.id where not is_own`
  let [verifiedMs, behindSince, lagWhileSyncingMs] = [Number.NaN, Number.NaN, 0]
  try {
    for (;;) {
      const [row] = (await client.query<{ size: number; indexed: number }>(text)).rows
      const nowMs = performance.now() - started
      if (nowMs > withinMs) throw new Error(`${size} records were not found within ${withinMs} ms`)
      if (row) {
        if (row.indexed >= row.size) behindSince = Number.NaN
        else if (Number.isNaN(behindSince)) behindSince = nowMs
        if (Number.isNaN(verifiedMs)) {
          if (!Number.isNaN(behindSince)) lagWhileSyncingMs = Math.max(lagWhileSyncingMs, nowMs - behindSince)
          if (row.size >= size) verifiedMs = nowMs
        }
        if (row.size >= size && (row.indexed >= size || !isIndexed))
          return { verifiedMs, foundMs: nowMs, lagWhileSyncingMs }
      }
      await sleep(lookEveryMs)
    }
  } finally {
    await client.end()
  }
}
