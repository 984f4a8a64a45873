import {
  consistencyRanges,
  emptyFrontier,
  extendFrontier,
  formatTlogProof,
  type Hash,
  inclusionRanges,
  type LeafRange,
  type RecordProof,
  rootOf,
} from '@concordance/log'
import { type ConsistencyProof, encodeBase64url, type InclusionProof } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { getRecord } from '../records.ts'
import { rootAt } from './root-at.ts'

const subtreeLeaves = 256 // as the `subtree` table keeps them

interface SignedSize {
  readonly log: number
  readonly size: number
  readonly root: Buffer
  readonly jws: string
  readonly note: string | null
}

/**
 * Proves that an entry of our own log is under a signed checkpoint (RFC 9162 §2.1.3).
 *
 * @param asked Exactly one of `position` and `record`; without `size`, under the newest checkpoint.
 * @throws {ExchangeError} `invalid`; `not-found` for a size that was never signed, a position beyond it, or a record that
 *   is not open to the viewer.
 */
export async function proveInclusion(
  deps: Deps,
  viewer: Viewer,
  asked: { position?: number; record?: string; size?: number },
): Promise<InclusionProof> {
  if ((asked.position === undefined) === (asked.record === undefined)) {
    throw new ExchangeError('invalid', 'exactly one of position and record is needed')
  }
  const position = asked.position ?? (await positionOf(deps, viewer, asked.record ?? ''))
  const signed = await getSigned(deps, asked.size)
  if (position >= signed.size) throw new ExchangeError('not-found', 'the entry is not under that checkpoint')
  const hashes = await hashesOf(deps, signed.log, inclusionRanges(position, signed.size))
  const [leaf] = await listLeaves(deps, signed.log, { from: position, to: position + 1 })
  const proof = { position, size: signed.size, root: encodeBase64url(signed.root) }
  return { ...proof, leaf: encodeBase64url(leaf as Hash), hashes: hashes.map(encodeBase64url) }
}

/** Proves that one size of our log is the beginning of another (RFC 9162 §2.1.4). @throws {ExchangeError} as above. */
export async function proveConsistency(deps: Deps, asked: { from: number; to?: number }): Promise<ConsistencyProof> {
  const to = await getSigned(deps, asked.to)
  if (asked.from > to.size) throw new ExchangeError('invalid', 'from is beyond to')
  const root = await rootAt(deps.db, to.log, asked.from)
  const hashes = await hashesOf(deps, to.log, consistencyRanges(asked.from, to.size))
  return {
    from: { size: asked.from, root: encodeBase64url(root) },
    to: { size: to.size, root: encodeBase64url(to.root) },
    hashes: hashes.map(encodeBase64url),
  }
}

/**
 * One file that proves a record of ours offline, under nothing but the pinned root key.
 *
 * @throws {ExchangeError} `not-found`; `unavailable` for a record of another institute, or under a key without notes.
 */
export async function exportRecord(deps: Deps, viewer: Viewer, recordId: string): Promise<RecordProof> {
  const record = await getRecord(deps, viewer, recordId)
  if (record.iss !== deps.identity.iss) {
    throw new ExchangeError('unavailable', 'the institute that signed a record exports its proof')
  }
  const signed = await getSigned(deps, undefined)
  if (signed.note === null) throw new ExchangeError('unavailable', 'the log key cannot sign notes')
  const hashes = await hashesOf(deps, signed.log, inclusionRanges(record.position, signed.size))
  const [leaf] = await listLeaves(deps, signed.log, { from: record.position, to: record.position + 1 })
  return {
    v: 1,
    kind: 'record-proof',
    keysets: await listKeysets(deps),
    statement: record.statement,
    body: record.body,
    position: record.position,
    leaf: encodeBase64url(leaf as Hash),
    proof: formatTlogProof({ index: record.position, hashes, note: signed.note }),
    checkpoint: signed.jws,
  }
}

async function positionOf(deps: Deps, viewer: Viewer, recordId: string): Promise<number> {
  const { iss, position } = await getRecord(deps, viewer, recordId)
  if (iss !== deps.identity.iss) throw new ExchangeError('not-found', 'the record is not in this log')
  return position
}

async function getSigned({ db }: Deps, size: number | undefined): Promise<SignedSize> {
  let query = db
    .selectFrom('checkpoint')
    .innerJoin('log', 'log.id', 'checkpoint.log')
    .select(['checkpoint.log', 'checkpoint.size', 'checkpoint.root', 'checkpoint.jws', 'checkpoint.note'])
    .where('log.is_own', '=', true)
    .where('checkpoint.jws', 'is not', null)
    .orderBy('checkpoint.size', 'desc')
  if (size !== undefined) query = query.where('checkpoint.size', '=', size)
  const row = await query.executeTakeFirst()
  if (!row?.jws) throw new ExchangeError('not-found', 'no checkpoint of that size was signed')
  return { ...row, jws: row.jws }
}

async function hashesOf(deps: Deps, log: number, ranges: readonly LeafRange[]): Promise<Hash[]> {
  const hashes: Hash[] = []
  for (const range of ranges) hashes.push(await hashOf(deps, log, range))
  return hashes
}

/** From stored subtrees where the range holds whole ones, and from leaves for the rest. */
async function hashOf(deps: Deps, log: number, { from, to }: LeafRange): Promise<Hash> {
  const wholeUntil = from % subtreeLeaves === 0 ? to - (to % subtreeLeaves) : from
  const subtrees = wholeUntil > from ? await listSubtrees(deps, log, { from, to: wholeUntil }) : []
  const leaves = wholeUntil < to ? await listLeaves(deps, log, { from: wholeUntil, to }) : []
  const parts = [subtrees, leaves].flatMap((hashes) => extendFrontier(emptyFrontier, hashes).hashes)
  return rootOf({ size: to - from, hashes: parts })
}

async function listSubtrees({ db }: Deps, log: number, { from, to }: LeafRange): Promise<Hash[]> {
  const rows = await db
    .selectFrom('subtree')
    .select('hash')
    .where('log', '=', log)
    .where('index', '>=', from / subtreeLeaves)
    .where('index', '<', to / subtreeLeaves)
    .orderBy('index')
    .execute()
  return rows.map(({ hash }) => hash)
}

async function listLeaves({ db }: Deps, log: number, { from, to }: LeafRange): Promise<Hash[]> {
  const rows = await db
    .selectFrom('entry')
    .select('leaf_hash')
    .where('log', '=', log)
    .where('position', '>=', from)
    .where('position', '<', to)
    .orderBy('position')
    .execute()
  return rows.map(({ leaf_hash }) => leaf_hash)
}

async function listKeysets({ db, identity }: Deps): Promise<string[]> {
  const rows = await db.selectFrom('keyset').select('document').where('iss', '=', identity.iss).orderBy('seq').execute()
  return rows.map(({ document }) => document)
}
