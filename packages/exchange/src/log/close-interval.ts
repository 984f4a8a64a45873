import { decodeFrontier } from '@concordance/log'
import { coverLeafInputOf, leafHashOf } from '@concordance/protocol'
import type pg from 'pg'
import { type AppendContext, commit, growthOf, headOf, nameWhile, requireConfirmed } from './append-batch.ts'
import { headValuesOf, insertSubtrees } from './insert-batch.ts'
import { beginWithOwnLog, type OwnLogRow } from './look-ahead.ts'
import { type SealingInterval, sizeAt } from './schedule.ts'

/** More than a tick has. After a long absence this many leaves are made up for in one transaction. */
export const leavesAtOnce = 4_096

/**
 * Ends the interval at hand when its tick has come: fills every position that is left with a cover leaf and grows the tree
 * over the interval, whatever it holds. Ticks that were missed are made up for with cover leaves, so that the size of the
 * log follows from the time alone. Nothing is signed here: see `sealLog`.
 *
 * @returns whether there may be more to make up for.
 * @throws {ExchangeError} `log-unconfirmed`; the interval stays open.
 */
export async function closeInterval(client: pg.ClientBase, context: AppendContext): Promise<boolean> {
  const log = await beginWithOwnLog(client)
  const due = log.sealing ? sizeAt(log.sealing, secondsOf(context.now())) : log.size
  if (!log.sealing || log.size >= due) {
    await client.query('rollback')
    return false
  }
  const { leaves } = log.sealing
  const size = Math.min(due, log.size + Math.max(1, Math.floor(leavesAtOnce / leaves)) * leaves)
  await growTo(client, context, log, size)
  await commit(client)
  return size < due
}

/**
 * Puts the configured way of sealing in force. An interval at hand that holds records ends at once, and the ticks of the
 * new one are counted from here; the same as before changes nothing. Left alone while the log is unconfirmed.
 *
 * @param interval Undefined: every batch is sealed at once.
 */
export async function setSealing(
  client: pg.ClientBase,
  context: AppendContext,
  interval: SealingInterval | undefined,
): Promise<void> {
  const log = await beginWithOwnLog(client)
  const { sealing } = log
  const isSame = sealing?.every === interval?.every && sealing?.leaves === interval?.leaves
  if (isSame || log.state === 'unconfirmed') {
    await client.query('rollback')
    return
  }
  const size = sealing && (await isBegun(client, log)) ? log.size + sealing.leaves : log.size
  if (size > log.size) await growTo(client, context, log, size)
  const tick = interval && Math.floor(secondsOf(context.now()) / interval.every)
  const next = interval ? JSON.stringify({ ...interval, tick, size }) : null
  await Promise.all([
    client.query('update log set sealing = $2 where id = $1', [log.id, next]),
    client.query(`insert into audit (at, actor, act, target, detail) values ($1, 'operator', 'log.sealing', $2, $3)`, [
      context.now(),
      context.identity.origin,
      JSON.stringify(interval ?? { every: null }),
    ]),
    commit(client),
  ])
}

async function growTo(client: pg.ClientBase, context: AppendContext, log: OwnLogRow, size: number): Promise<void> {
  const before = decodeFrontier(log.size, log.frontier)
  const head = headOf(before)
  await requireConfirmed(client, context, log, head)
  const records = await listLeaves(client, log)
  const covers: Cover[] = []
  const leaves = Array.from({ length: size - log.size }, (_, index) => {
    const position = log.size + index
    const record = records.get(position)
    if (record) return record
    const cover = context.random(32)
    const leafHash = leafHashOf(coverLeafInputOf(cover))
    covers.push({ position, leafHash, cover })
    return leafHash
  })
  const growth = growthOf(before, leaves)
  const inserted = Promise.all([
    insertCovers(client, log.id, covers),
    ...insertSubtrees(client, log.id, growth),
    client.query({ name: 'grow-own-log', text: growText, values: [log.id, ...headValuesOf(growth)] }),
  ])
  await nameWhile(context, inserted, head, growth.head)
}

interface Cover {
  readonly position: number
  readonly leafHash: Uint8Array
  readonly cover: Uint8Array
}

const growText = `
  with intent as (
    insert into checkpoint (log, size, root, frontier) values ($1, $2, $3, $4)
  )
  update log set size = $2, frontier = $4, staged_size = $2, staged_frontier = $4 where id = $1`

/** Of the records that were acknowledged into the interval at hand. */
async function listLeaves(client: pg.ClientBase, { id, size }: OwnLogRow): Promise<Map<number, Uint8Array>> {
  const { rows } = await client.query<{ position: number; leaf_hash: Buffer }>({
    name: 'leaves-ahead',
    text: 'select position, leaf_hash from entry where log = $1 and position >= $2',
    values: [id, size],
  })
  return new Map(rows.map(({ position, leaf_hash }) => [position, leaf_hash]))
}

function insertCovers(client: pg.ClientBase, log: number, covers: readonly Cover[]): Promise<unknown> {
  return client.query({
    name: 'insert-covers',
    text: `insert into entry (log, position, leaf_hash, cover)
           select $1, position, leaf_hash, cover
           from unnest($2::bigint[], $3::bytea[], $4::bytea[]) as new (position, leaf_hash, cover)`,
    values: [
      log,
      covers.map(({ position }) => position),
      covers.map(({ leafHash }) => leafHash),
      covers.map(({ cover }) => cover),
    ],
  })
}

async function isBegun(client: pg.ClientBase, log: OwnLogRow): Promise<boolean> {
  return (await listLeaves(client, log)).size > 0
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000)
}
