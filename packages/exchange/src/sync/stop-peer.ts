import { hash } from 'node:crypto'
import {
  type Checkpoint,
  type Hash,
  type MisconductBundle,
  rootOfLeaves,
  verifyCheckpoint,
  verifyMisconduct,
} from '@concordance/log'
import {
  canonicalize,
  decodeBase64url,
  encodeBase64url,
  type JsonValue,
  type Keyset,
  limits,
} from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import type { Pass } from './follow-peer.ts'
import type { Mirror } from './mirror.ts'
import type { PeerCalls } from './peer-calls.ts'

/** Keeps evidence that convinces anybody, and follows the peer no further. */
export async function freeze(deps: Deps, mirror: Mirror, bundle: MisconductBundle): Promise<Pass> {
  await keepMisconduct(deps, bundle, mirror.pin)
  return stop(deps, mirror, 'frozen', bundle.kind)
}

/** An uninterpretable keyset: what stands behind it cannot be judged, so we wait before it. */
export function holdMirror(deps: Deps, mirror: Mirror, code: string): Promise<Pass> {
  return stop(deps, mirror, 'held', code)
}

/**
 * Stops a peer whose answers failed twice, after one more look: a peer that rewrote its history can still show all
 * leaves of the new one, and together with the checkpoint we hold of the old one these prove it.
 */
export async function stopAsUnverifiable(deps: Deps, mirror: Mirror, calls: PeerCalls, code: string): Promise<Pass> {
  const bundle = await findRewrite(deps, mirror, calls)
  return bundle ? freeze(deps, mirror, bundle) : stop(deps, mirror, 'unverifiable', code)
}

/**
 * Stores a bundle once, after checking that it convinces on its own.
 *
 * @throws {LogError} `EVIDENCE` when it proves nothing.
 */
export async function keepMisconduct(deps: Deps, bundle: MisconductBundle, pin: string): Promise<void> {
  verifyMisconduct(bundle, pin)
  const digest = hash('sha256', canonicalize(bundle as unknown as JsonValue), 'buffer')
  await deps.db
    .insertInto('misconduct')
    .values({ iss: bundle.iss, kind: bundle.kind, digest, bundle: JSON.stringify(bundle), found_at: deps.now() })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute()
  deps.log.error({ peer: bundle.iss, kind: bundle.kind }, 'peer contradicts its own signatures; evidence kept')
}

async function stop(deps: Deps, mirror: Mirror, state: 'frozen' | 'held' | 'unverifiable', reason: string) {
  await deps.db
    .updateTable('log')
    .set({ state, state_reason: reason })
    .where('id', '=', mirror.log)
    .where('state', '<>', 'frozen')
    .execute()
  await deps.db
    .updateTable('peer')
    .set({ last_error: reason, last_error_at: deps.now() })
    .where('iss', '=', mirror.iss)
    .execute()
  deps.log.warn({ peer: mirror.iss, state, code: reason }, 'peer stopped')
  return { state, verified: 0, changed: 0, size: mirror.size, bytes: 0 }
}

/** Fetches every leaf again and tells whether they give a signed root while their beginning contradicts an earlier one. */
async function findRewrite(deps: Deps, mirror: Mirror, calls: PeerCalls): Promise<MisconductBundle | undefined> {
  const held = await findVerifiedCheckpoint(deps, mirror)
  if (!held) return undefined
  try {
    const { leaves, checkpoint, jws } = await fetchLeaves(mirror, calls)
    if (held.size > leaves.length || encodeBase64url(rootOfLeaves(leaves)) !== checkpoint.root) return undefined
    if (encodeBase64url(rootOfLeaves(leaves.slice(0, held.size))) === held.root) return undefined
    return {
      v: 1,
      kind: 'not-append-only',
      iss: mirror.iss,
      origin: mirror.origin,
      keysets: [...mirror.keysets.values()].map((keyset) => keyset.compact),
      checkpoints: [held.jws, jws],
      leaves: leaves.map((leaf) => encodeBase64url(leaf)),
    }
  } catch (error) {
    deps.log.warn({ peer: mirror.iss, err: error }, 'the peer would not show its whole log again')
    return undefined
  }
}

/** Leaves up to the size of the checkpoint on the first page, which is verified first: a peer cannot keep us fetching. */
async function fetchLeaves(
  mirror: Mirror,
  calls: PeerCalls,
): Promise<{ leaves: Hash[]; checkpoint: Checkpoint; jws: string }> {
  const keyset = [...mirror.keysets.values()].at(-1) as Keyset
  const fetch = (from: number) => calls.fetchEntries({ from, limit: limits.pageEntries, waitSeconds: 0 })
  let page = await fetch(0)
  const jws = page.trailer.checkpoint
  const checkpoint = verifyCheckpoint(jws, keyset)
  const leaves: Hash[] = []
  while (page.entries.length > 0) {
    for (const entry of page.entries) leaves.push(decodeBase64url(entry.leaf))
    if (leaves.length >= checkpoint.size) break
    page = await fetch(leaves.length)
  }
  return { leaves: leaves.slice(0, checkpoint.size), checkpoint, jws }
}

async function findVerifiedCheckpoint({ db }: Deps, { log, size }: Mirror) {
  const row = await db
    .selectFrom('checkpoint')
    .select(['size', 'root', 'jws'])
    .where('log', '=', log)
    .where('size', '<=', size)
    .where('size', '>', 0)
    .where('jws', 'is not', null)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.jws ? { size: row.size, root: encodeBase64url(row.root), jws: row.jws } : undefined
}
