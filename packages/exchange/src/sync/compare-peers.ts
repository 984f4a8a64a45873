import { type Checkpoint, type MisconductBundle, verifyCheckpoint } from '@concordance/log'
import { encodeBase64url, type Keyset, positionsDigest, verifyCoverage } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { rootAt } from '../log/root-at.ts'
import { findMirror, type Mirror } from './mirror.ts'
import type { Peer, PeerCalls, PeerObservations } from './peer-calls.ts'
import { freeze } from './stop-peer.ts'

/**
 * One round of comparing: asks `shower` what it saw of every log we copy, and holds its checkpoints and coverage
 * statements against our own copy. Only signatures of the log's own institute count, so a lying shower proves nothing.
 * What contradicts freezes the log and is kept as evidence.
 *
 * @returns how many statements were compared.
 */
export async function comparePeer(
  deps: Deps,
  shower: Peer,
  calls: PeerCalls,
  others: readonly Peer[],
  signal?: AbortSignal,
): Promise<number> {
  let compared = 0
  for (const subject of others) {
    if (subject.iss === shower.iss) continue
    const mirror = await findMirror(deps.db, subject)
    if (!mirror || mirror.state === 'frozen') continue
    const from = await findCursor(deps, shower, mirror)
    const seen = await calls.fetchObservations({ origin: mirror.origin, from }, signal)
    if (!seen) continue
    const bundle = await findContradiction(deps, mirror, shower, seen)
    if (bundle) await freeze(deps, mirror, bundle)
    else await moveCursor(deps, shower, mirror, seen)
    compared += seen.checkpoints.length + seen.coverage.length
  }
  await deps.db.updateTable('peer').set({ compared_at: deps.now() }).where('iss', '=', shower.iss).execute()
  return compared
}

/** Holds checkpoints that were kept because we were behind against the copy as it is now. */
export async function compareKept(deps: Deps, subject: Peer): Promise<void> {
  const mirror = await findMirror(deps.db, subject)
  if (!mirror || mirror.state === 'frozen') return
  const kept = await deps.db
    .selectFrom('foreign_checkpoint')
    .select(['size', 'jws'])
    .where('log', '=', mirror.log)
    .where('size', '<=', mirror.size)
    .execute()
  for (const { jws } of kept) {
    const bundle = await compareCheckpoint(deps, mirror, jws)
    if (bundle) return void (await freeze(deps, mirror, bundle))
  }
  await deps.db
    .deleteFrom('foreign_checkpoint')
    .where('log', '=', mirror.log)
    .where('size', '<=', mirror.size)
    .execute()
}

async function findContradiction(
  deps: Deps,
  mirror: Mirror,
  shower: Peer,
  seen: PeerObservations,
): Promise<MisconductBundle | undefined> {
  for (const jws of seen.checkpoints) {
    const verified = findVerified(mirror, (keyset) => verifyCheckpoint(jws, keyset))
    if (!verified) continue
    if (verified.size > mirror.size) await keepForLater(deps, mirror, shower, verified, jws)
    else {
      const bundle = await compareCheckpoint(deps, mirror, jws)
      if (bundle) return bundle
    }
  }
  for (const { jws } of seen.coverage) {
    const bundle = await compareCoverage(deps, mirror, jws)
    if (bundle) return bundle
  }
  return undefined
}

/** A statement that no key of the log's institute signed is nobody's statement: it is passed over. */
function findVerified<Verified>(mirror: Mirror, verify: (keyset: Keyset) => Verified): Verified | undefined {
  const newest = [...mirror.keysets.values()].at(-1)
  try {
    return newest && verify(newest)
  } catch {
    return undefined // whoever showed it may have made it up
  }
}

async function compareCheckpoint(deps: Deps, mirror: Mirror, jws: string): Promise<MisconductBundle | undefined> {
  const foreign = findVerified(mirror, (keyset) => verifyCheckpoint(jws, keyset))
  if (!foreign || foreign.size === 0) return undefined
  const root = encodeBase64url(await rootAt(deps.db, mirror.log, foreign.size))
  if (root === foreign.root) return undefined
  const own = await findCheckpointFrom(deps, mirror, foreign.size)
  if (!own) return undefined
  const { iss, origin } = mirror
  const keysets = [...mirror.keysets.values()].map((keyset) => keyset.compact)
  const base = { v: 1, iss, origin, keysets, checkpoints: [jws, own.jws] } as const
  if (own.size === foreign.size) return { ...base, kind: 'two-roots' }
  return { ...base, kind: 'not-append-only', leaves: await listLeaves(deps, mirror, own.size) }
}

/** The same institute told two peers what every active peer is given: over the same positions both must agree. */
async function compareCoverage(deps: Deps, mirror: Mirror, accused: string): Promise<MisconductBundle | undefined> {
  const coverage = findVerified(mirror, (keyset) => verifyCoverage(accused, keyset))
  if (!coverage || coverage.to > mirror.size || coverage.from === coverage.to) return undefined
  const given = await listCoverage(deps, mirror, coverage.from, coverage.to)
  const common = given.flatMap((row) => row.common.map((offset) => row.from_position + offset))
  const inRange = [...new Set(common)].filter((position) => position >= coverage.from && position < coverage.to)
  const lines = inRange.sort((a, b) => a - b).map((position) => ({ position }))
  if (positionsDigest(lines) === coverage.commonDigest) return undefined
  const { iss, origin } = mirror
  const keysets = [...mirror.keysets.values()].map((keyset) => keyset.compact)
  const witness = given.map((row) => ({
    coverage: row.jws,
    common: row.common.map((offset) => row.from_position + offset),
  }))
  return { v: 1, kind: 'contradicted-coverage', iss, origin, keysets, accused, witness }
}

function listCoverage({ db }: Deps, { log }: Mirror, from: number, to: number) {
  return db
    .selectFrom('coverage_received')
    .select(['from_position', 'common', 'jws'])
    .where('log', '=', log)
    .where('to_position', '>', from)
    .where('from_position', '<', to)
    .whereRef('from_position', '<', 'to_position')
    .orderBy('from_position')
    .execute()
}

async function findCheckpointFrom({ db }: Deps, { log }: Mirror, size: number) {
  const row = await db
    .selectFrom('checkpoint')
    .select(['size', 'jws'])
    .where('log', '=', log)
    .where('size', '>=', size)
    .where('jws', 'is not', null)
    .orderBy('size')
    .limit(1)
    .executeTakeFirst()
  return row?.jws ? { size: row.size, jws: row.jws } : undefined
}

async function listLeaves({ db }: Deps, { log }: Mirror, size: number): Promise<string[]> {
  const rows = await db
    .selectFrom('entry')
    .select('leaf_hash')
    .where('log', '=', log)
    .where('position', '<', size)
    .orderBy('position')
    .execute()
  return rows.map((row) => encodeBase64url(row.leaf_hash))
}

async function keepForLater({ db }: Deps, mirror: Mirror, shower: Peer, checkpoint: Checkpoint, jws: string) {
  const root = Buffer.from(checkpoint.root, 'base64url')
  await db
    .insertInto('foreign_checkpoint')
    .values({ log: mirror.log, size: checkpoint.size, root, jws, shown_by: shower.iss })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

async function findCursor({ db }: Deps, shower: Peer, mirror: Mirror): Promise<number> {
  const row = await db
    .selectFrom('comparison')
    .select('position')
    .where('shown_by', '=', shower.iss)
    .where('log', '=', mirror.log)
    .executeTakeFirst()
  return row?.position ?? 0
}

/** Never beyond what we hold ourselves: a statement about later positions is asked for again. */
async function moveCursor({ db }: Deps, shower: Peer, mirror: Mirror, seen: PeerObservations): Promise<void> {
  const position = Math.min(seen.next, mirror.size)
  await db
    .insertInto('comparison')
    .values({ shown_by: shower.iss, log: mirror.log, position })
    .onConflict((conflict) => conflict.columns(['shown_by', 'log']).doUpdateSet({ position }))
    .execute()
}
