import { inclusionRanges, type MisconductBundle, verifyMisconduct } from '@concordance/log'
import { encodeBase64url } from '@concordance/protocol'
import type pg from 'pg'
import type { Deps } from '../deps.ts'
import { hashRanges } from '../log/proof.ts'
import { findCheckpointFrom } from './find-checkpoint.ts'
import type { Mirror } from './mirror.ts'
import type { VerifiedEntries } from './verify-page.ts'

/** Keeps which entries a page names as narrowed, to be held against the marking records themselves and other statements. */
export async function noteNarrowed(
  client: pg.ClientBase,
  log: number,
  { coverage: { narrowed = [] }, coverageJws }: VerifiedEntries,
): Promise<void> {
  if (narrowed.length === 0) return
  await client.query(
    `insert into narrowed (log, position, by_position, jws)
     select $1, position, by_position, $4 from unnest($2::bigint[], $3::bigint[]) as named (position, by_position)
     on conflict do nothing`,
    [log, narrowed.map(({ position }) => position), narrowed.map(({ by }) => by), coverageJws],
  )
}

/**
 * Looks at each entry that was named as narrowed by a record which is open to us by now: that record must be a marking
 * record for it, or for what it is about. What holds is not looked at again; what cannot be told while the entry itself is
 * closed to us is.
 */
export async function findFalseNarrowing(deps: Deps, mirror: Mirror): Promise<MisconductBundle | undefined> {
  for (const claim of await listUnchecked(deps, mirror)) {
    const { log, iss, origin } = mirror
    const checkpoint = await findCheckpointFrom(deps, mirror, claim.by_position + 1)
    if (!checkpoint) continue
    const target = await prove(deps, log, claim.position, checkpoint.size)
    const by = await prove(deps, log, claim.by_position, checkpoint.size)
    const bundle = {
      v: 1,
      kind: 'false-narrowing',
      iss,
      origin,
      keysets: [...mirror.keysets.values()].map(({ compact }) => compact),
      coverage: claim.jws,
      checkpoint: checkpoint.jws,
      target: {
        position: claim.position,
        leaf: encodeBase64url(claim.leaf_hash),
        hashes: target,
        ...(claim.target_statement !== null && { statement: claim.target_statement }),
      },
      by: { position: claim.by_position, statement: claim.statement, hashes: by },
    } as const
    if (isProof(bundle, mirror.pin)) return bundle
    if (claim.target_statement !== null) await markChecked(deps, mirror, claim)
  }
  return undefined
}

interface Claim {
  readonly position: number
  readonly by_position: number
  readonly jws: string
  readonly leaf_hash: Buffer
  /** Null where the entry is closed to us. */
  readonly target_statement: string | null
  readonly statement: string
}

async function listUnchecked({ pool }: Deps, { log, size }: Mirror): Promise<Claim[]> {
  const { rows } = await pool.query<Claim>(
    `select named.position, by_position, jws, target.leaf_hash, convert_from(target.statement, 'UTF8') as target_statement,
       convert_from(by.statement, 'UTF8') as statement
     from narrowed named
     join entry target on target.log = named.log and target.position = named.position
     join entry by on by.log = named.log and by.position = named.by_position
     where named.log = $1 and not checked and by_position < $2 and by.statement is not null`,
    [log, size],
  )
  return rows
}

async function prove({ db }: Deps, log: number, position: number, size: number): Promise<string[]> {
  const hashes = await hashRanges(db, log, inclusionRanges(position, size))
  return hashes.map((hash) => encodeBase64url(hash))
}

/** A record that this version cannot read proves nothing either way. */
function isProof(bundle: MisconductBundle, pin: string): boolean {
  try {
    verifyMisconduct(bundle, pin)
    return true
  } catch {
    return false // it is what the statement says, or it cannot be told
  }
}

async function markChecked({ pool }: Deps, { log }: Mirror, { position, by_position }: Claim): Promise<void> {
  await pool.query('update narrowed set checked = true where log = $1 and position = $2 and by_position = $3', [
    log,
    position,
    by_position,
  ])
}
