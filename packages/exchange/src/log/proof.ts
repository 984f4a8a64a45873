import {
  consistencyRanges,
  emptyFrontier,
  extendFrontier,
  type Hash,
  inclusionRanges,
  type LeafRange,
  rootOf,
} from '@concordance/log'
import { type ConsistencyProof, encodeBase64url, type InclusionProof } from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type { Viewer } from '../access/may-open.ts'
import type { Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { getRecord } from '../records.ts'
import { getSealedCheckpoint } from './checkpoints.ts'

/** Leaves of one stored subtree. */
const subtreeLeaves = 256

/**
 * Proves that an entry stands in our own log. Positions say nothing about what they hold, so anybody may ask by position;
 * by record id only whoever may know of the record.
 *
 * @param asked.size Of a signed checkpoint or below; the newest where absent.
 * @throws {ExchangeError} `invalid` unless exactly one of `position` and `record` is given, `not-found`, `unavailable`.
 */
export async function proveInclusion(
  deps: Deps,
  viewer: Viewer,
  asked: { position?: number; record?: string; size?: number },
): Promise<InclusionProof> {
  const size = await sizeFor(deps, asked.size)
  const position = await positionFor(deps, viewer, asked)
  if (position >= size) throw new ExchangeError('not-found', `there is no such entry below size ${size}`)
  const log = await getOwnLogId(deps.db)
  const [root, leaf, ...hashes] = await hashRanges(deps.db, log, [
    { from: 0, to: size },
    { from: position, to: position + 1 },
    ...inclusionRanges(position, size),
  ])
  return { position, leaf: textOf(leaf), size, root: textOf(root), hashes: hashes.map(textOf) }
}

/**
 * Proves that our log at one size is the beginning of our log at another.
 *
 * @throws {ExchangeError} `invalid` unless `from <= to`, `not-found` for a size that is not signed yet, `unavailable`.
 */
export async function proveConsistency(deps: Deps, asked: { from: number; to?: number }): Promise<ConsistencyProof> {
  const to = await sizeFor(deps, asked.to)
  const { from } = asked
  if (from > to) throw new ExchangeError('invalid', `size ${from} is not below size ${to}`)
  const log = await getOwnLogId(deps.db)
  const [earlier, later, ...hashes] = await hashRanges(deps.db, log, [
    { from: 0, to: from },
    { from: 0, to },
    ...consistencyRanges(from, to),
  ])
  return {
    from: { size: from, root: textOf(earlier) },
    to: { size: to, root: textOf(later) },
    hashes: hashes.map(textOf),
  }
}

/**
 * The hash of each range of leaves, from stored subtrees and, where a range ends within one, its leaves.
 * Requires ranges as the proofs of packages/log make them: each starts at a multiple of its width, rounded up to a power of two.
 */
export async function hashRanges(db: Kysely<Tables>, log: number, ranges: readonly LeafRange[]): Promise<Hash[]> {
  const subtrees = new Map<number, Hash>()
  const leaves = new Map<number, Hash>()
  await Promise.all([
    ...mergeRanges(ranges.map(subtreesOf)).map((range) => readSubtrees(db, log, range, subtrees)),
    ...mergeRanges(ranges.map(leavesOf)).map((range) => readLeaves(db, log, range, leaves)),
  ])
  return ranges.map((range) => {
    // The roots of whole subtrees are leaves of the tree above them; what is left over stands to the right of them all.
    const above = extendFrontier(emptyFrontier, take(subtrees, subtreesOf(range)))
    const rest = extendFrontier(emptyFrontier, take(leaves, leavesOf(range)))
    return rootOf({ size: range.to - range.from, hashes: [...above.hashes, ...rest.hashes] })
  })
}

export async function getOwnLogId(db: Kysely<Tables>): Promise<number> {
  const { id } = await db.selectFrom('log').select('id').where('is_own', '=', true).executeTakeFirstOrThrow()
  return id
}

async function sizeFor(deps: Deps, asked: number | undefined): Promise<number> {
  const { size } = await getSealedCheckpoint(deps)
  if (asked !== undefined && asked > size) throw new ExchangeError('not-found', `size ${asked} is not signed yet`)
  return asked ?? size
}

async function positionFor(
  deps: Deps,
  viewer: Viewer,
  { position, record }: { position?: number; record?: string },
): Promise<number> {
  if ((position === undefined) === (record === undefined)) {
    throw new ExchangeError('invalid', 'exactly one of position and record is needed')
  }
  if (record === undefined) return position as number
  const found = await getRecord(deps, viewer, record)
  if (found.iss !== deps.identity.iss) throw new ExchangeError('not-found', 'there is no such record in this log')
  return found.position
}

/** Indexes of the whole subtrees inside a range. */
function subtreesOf({ from, to }: LeafRange): LeafRange {
  const first = Math.ceil(from / subtreeLeaves)
  return { from: first, to: Math.max(first, Math.floor(to / subtreeLeaves)) }
}

/** Leaves of a range that no whole subtree covers: its right end, or all of a small one. */
function leavesOf(range: LeafRange): LeafRange {
  const { from, to } = subtreesOf(range)
  return { from: from < to ? to * subtreeLeaves : range.from, to: range.to }
}

/** Overlapping and touching ranges become one, so that a proof needs few queries. */
function mergeRanges(ranges: readonly LeafRange[]): LeafRange[] {
  const merged: LeafRange[] = []
  for (const range of ranges.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && range.from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
    else merged.push(range)
  }
  return merged
}

async function readSubtrees(
  db: Kysely<Tables>,
  log: number,
  { from, to }: LeafRange,
  into: Map<number, Hash>,
): Promise<void> {
  const rows = await db
    .selectFrom('subtree')
    .select(['index', 'hash'])
    .where('log', '=', log)
    .where('index', '>=', from)
    .where('index', '<', to)
    .execute()
  for (const { index, hash } of rows) into.set(index, hash)
  for (let index = from; index < to; index++) {
    if (!into.has(index)) into.set(index, await storeSubtree(db, log, index))
  }
}

/** Copied logs come without subtrees: each is computed at its first use. Requires that its leaves are verified. */
async function storeSubtree(db: Kysely<Tables>, log: number, index: number): Promise<Hash> {
  const range = { from: index * subtreeLeaves, to: (index + 1) * subtreeLeaves }
  const leaves = new Map<number, Hash>()
  await readLeaves(db, log, range, leaves)
  const hash = rootOf(extendFrontier(emptyFrontier, take(leaves, range)))
  const row = { log, index, hash: Buffer.from(hash) }
  await db
    .insertInto('subtree')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return hash
}

async function readLeaves(
  db: Kysely<Tables>,
  log: number,
  { from, to }: LeafRange,
  into: Map<number, Hash>,
): Promise<void> {
  const rows = await db
    .selectFrom('entry')
    .select(['position', 'leaf_hash'])
    .where('log', '=', log)
    .where('position', '>=', from)
    .where('position', '<', to)
    .execute()
  for (const { position, leaf_hash } of rows) into.set(position, leaf_hash)
}

function take(hashes: ReadonlyMap<number, Hash>, { from, to }: LeafRange): Hash[] {
  return Array.from({ length: to - from }, (_, offset) => {
    const hash = hashes.get(from + offset)
    if (!hash) throw new ExchangeError('log-corrupt', `the hash ${from + offset} of a stored log is missing`)
    return hash
  })
}

function textOf(hash: Hash | undefined): string {
  return encodeBase64url(hash ?? new Uint8Array())
}
