import { emptyFrontier, extendFrontier, rootOf } from '@concordance/log'
import { api } from '@concordance/protocol'
import type { Test } from 'tap'
import type { Institute } from '../network/start-network.ts'
import { misconductOf, rowsOf, syncOf } from '../network/test-network.ts'
import { until } from '../network/until.ts'
import type { Acknowledged } from './publishers.ts'

/** How many faults a series has: all of them by `npm run test:faults`, a tenth in `npm test`. */
export function faultsOf(full: number): number {
  return process.env.CONCORDANCE_FAULTS === 'full' ? full : Math.ceil(full / 10)
}

/** Every acknowledged record is in the log exactly once, where its receipt says, and nothing else came with it. */
export async function holdsExactlyOnce(t: Test, institute: Institute, acknowledged: readonly Acknowledged[]) {
  const rows = await rowsOf<{ position: string; record: string }>(
    institute.databaseUrl,
    `select position, encode(record_id, 'hex') as record from entry join log on log.id = entry.log
     where is_own order by position`,
  )
  const at = new Map(rows.map(({ position, record }) => [record, Number(position)]))
  t.equal(at.size, rows.length, 'no record stands twice')
  t.equal(rows.length, 1 + acknowledged.length, 'the log holds the first keyset and what was acknowledged')
  const misplaced = acknowledged.filter(({ receipt }) => at.get(hexOf(receipt.recordId)) !== receipt.position)
  t.strictSame(misplaced, [], 'each stands where its receipt says')

  let repeated = 0
  for (const { key, input, receipt } of acknowledged.slice(-50)) {
    const again = await institute.client.call(api.publishRecord, { headers: { 'idempotency-key': key }, body: input })
    if (again.recordId === receipt.recordId && again.position === receipt.position) repeated++
  }
  t.equal(repeated, Math.min(50, acknowledged.length), 'the same key gives the same receipt')
  t.match(await institute.client.call(api.verifyLog, {}), { ok: true, size: rows.length, problems: [] })
}

/** The peer's copy is whole, leaf by leaf, and every root either of them ever stored belongs to the same one log. */
export async function hasConverged(t: Test, peer: Institute, origin: Institute) {
  const leavesOf = ({ databaseUrl }: Institute) =>
    rowsOf<{ leaf: Buffer }>(
      databaseUrl,
      `select leaf_hash as leaf from entry join log on log.id = entry.log where iss = $1 order by position`,
      origin.entityId,
    )
  const own = await leavesOf(origin)
  await until(
    `${peer.key} copies ${own.length} entries of ${origin.key}`,
    async () => {
      const sync = await syncOf(peer, origin)
      return sync?.size === own.length || sync?.state === 'frozen'
    },
    60_000,
  )
  t.match(await syncOf(peer, origin), { state: 'following', size: own.length })
  t.strictSame(await misconductOf(peer, origin), [])
  t.strictSame(await leavesOf(peer), own, 'the copy is the log')
  const roots = rootsOf(own.map(({ leaf }) => leaf))
  for (const { databaseUrl, key } of [origin, peer]) {
    const kept = await rowsOf<{ size: string; root: Buffer }>(
      databaseUrl,
      'select checkpoint.size, root from checkpoint join log on log.id = checkpoint.log where iss = $1',
      origin.entityId,
    )
    const forked = kept.filter(({ size, root }) => roots[Number(size)] !== root.toString('hex'))
    t.strictSame(forked, [], `${kept.length} checkpoints at ${key} are of one log`)
  }
}

/** Root of every size, hexadecimal. */
function rootsOf(leaves: readonly Uint8Array[]): string[] {
  const roots = [Buffer.from(rootOf(emptyFrontier)).toString('hex')]
  let frontier = emptyFrontier
  for (const leaf of leaves) {
    frontier = extendFrontier(frontier, [leaf])
    roots.push(Buffer.from(rootOf(frontier)).toString('hex'))
  }
  return roots
}

function hexOf(recordId: string): string {
  return Buffer.from(recordId, 'base64url').toString('hex')
}
