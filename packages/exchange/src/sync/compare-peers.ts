import { type Checkpoint, type MisconductBundle, verifyCheckpoint } from '@concordance/log'
import { encodeBase64url } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { rootAt } from '../log/root-at.ts'
import { findContradictedCoverage, findVerified } from './compare-coverage.ts'
import { findCheckpointFrom } from './find-checkpoint.ts'
import { findMirror, type Mirror } from './mirror.ts'
import { findFalseNarrowing } from './narrowing.ts'
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

/** Holds checkpoints that were kept because we were behind, and what was said of narrowed entries, against the copy as it is now. */
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
  const lie = await findFalseNarrowing(deps, mirror)
  if (lie) return void (await freeze(deps, mirror, lie))
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
    const bundle = await findContradictedCoverage(deps, mirror, jws)
    if (bundle) return bundle
  }
  return undefined
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
