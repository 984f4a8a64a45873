import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeConfig } from '@concordance/node'
import pg from 'pg'
import { startChildNode } from '../child-node.ts'
import { execute, type Pair, withFreshReceiver } from '../pair.ts'
import type { Engine } from './engine.ts'
import { loadRecords } from './load.ts'
import { askNode } from './node.ts'
import { say } from './say.ts'

/** A running node that is searched. It has no records yet. */
export interface SearchNode {
  readonly engine: Engine
  readonly pid: number
  readonly config: NodeConfig
  /**
   * Gives it so many records more, of others, and returns when all of them are indexed.
   *
   * @returns how many were indexed a second.
   */
  grow(count: number): Promise<number>
}

export function withSearchNode<Result>(pair: Pair, work: (node: SearchNode) => Promise<Result>): Promise<Result> {
  return withFreshReceiver(pair, async (config) => {
    const node = await startChildNode(config)
    const engine = askNode({ url: node.url, token: pair.receiver.token })
    try {
      return await work({ engine, pid: node.pid, config, grow: (count) => grow(config.databaseUrl, count) })
    } finally {
      await engine.close()
      await node.stop()
    }
  })
}

async function grow(databaseUrl: string, count: number): Promise<number> {
  say(`loading ${count.toLocaleString('en')} records`)
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  await loadRecords(pool, count)
  await pool.end()
  say('filling the index')
  const started = performance.now()
  await untilIndexed(databaseUrl)
  const tookMs = performance.now() - started
  await execute(databaseUrl, 'vacuum analyze')
  return (count / tookMs) * 1_000
}

async function untilIndexed(databaseUrl: string): Promise<void> {
  const behind = 'select from log join projection on projection.log = log.id where indexed < size limit 1'
  while ((await execute(databaseUrl, behind)).length > 0) await sleep(500)
}
