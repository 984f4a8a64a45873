import { findDenied, type MisconductBundle } from '@concordance/log'
import { type Coverage, type Keyset, parseCoverageUnsafe, positionsDigest, verifyCoverage } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import type { Mirror } from './mirror.ts'
import { MisconductFound } from './sync-error.ts'

/**
 * Holds a coverage statement of the mirror's institute, whoever it was made for, against those it gave us: of the same
 * positions all must name the same ones as given to every peer, and the same ones as narrowed.
 *
 * @returns evidence; undefined also for what no key of the institute signed, and what our own copy does not reach.
 */
export async function findContradictedCoverage(
  deps: Deps,
  mirror: Mirror,
  accused: string,
): Promise<MisconductBundle | undefined> {
  const coverage = findVerified(mirror, (keyset) => verifyCoverage(accused, keyset))
  if (!coverage || coverage.to > mirror.size || coverage.from === coverage.to || coverage.ceiling) return undefined
  const given = (await listGiven(deps, mirror, coverage)).filter(({ said }) => said.ceiling === undefined)
  const denied = findContradictedNarrowing({ said: coverage, jws: accused }, given)
  const { iss, origin } = mirror
  const base = { v: 1, iss, origin, keysets: [...mirror.keysets.values()].map(({ compact }) => compact) } as const
  if (denied) return { ...base, kind: 'contradicted-narrowing', coverage: denied }
  if (!covers(given, coverage) || isSameCommon(given, coverage)) return undefined
  const witness = given.map(({ jws, common }) => ({ coverage: jws, common }))
  return { ...base, kind: 'contradicted-coverage', accused, witness }
}

/** @throws {MisconductFound} when a statement we were given contradicts an earlier one. */
export async function requireConsistent(deps: Deps, mirror: Mirror, jws: string): Promise<void> {
  const bundle = await findContradictedCoverage(deps, mirror, jws)
  if (bundle) throw new MisconductFound(bundle)
}

/** A statement that no key of the log's institute signed is nobody's statement: it is passed over. */
export function findVerified<Verified>(mirror: Mirror, verify: (keyset: Keyset) => Verified): Verified | undefined {
  const newest = [...mirror.keysets.values()].at(-1)
  try {
    return newest && verify(newest)
  } catch {
    return undefined // whoever showed it may have made it up
  }
}

interface Said {
  readonly said: Coverage
  readonly jws: string
}

type Given = Said & { readonly common: readonly number[] }

/** What we were given was verified before it was stored. */
async function listGiven({ db }: Deps, { log }: Mirror, { from, to }: Coverage): Promise<Given[]> {
  const rows = await db
    .selectFrom('coverage_received')
    .select(['from_position', 'common', 'jws'])
    .where('log', '=', log)
    .where('to_position', '>', from)
    .where('from_position', '<', to)
    .whereRef('from_position', '<', 'to_position')
    .orderBy('from_position')
    .execute()
  return rows.map(({ from_position, common, jws }) => ({
    said: parseCoverageUnsafe(jws).coverage,
    jws,
    common: common.map((offset) => from_position + offset),
  }))
}

function findContradictedNarrowing(accused: Said, given: readonly Given[]): [string, string] | undefined {
  for (const witness of given) {
    if (findDenied(accused.said, witness.said)) return [accused.jws, witness.jws]
    if (findDenied(witness.said, accused.said)) return [witness.jws, accused.jws]
  }
  return undefined
}

/** Whether the given statements, in order of their beginning, leave no position out. */
function covers(given: readonly Given[], { from, to }: Coverage): boolean {
  let covered = from
  for (const { said } of given) if (said.from <= covered) covered = Math.max(covered, said.to)
  return covered >= to
}

function isSameCommon(given: readonly Given[], { from, to, commonDigest }: Coverage): boolean {
  const common = new Set(given.flatMap((one) => one.common))
  const inRange = [...common].filter((position) => position >= from && position < to)
  const lines = inRange.sort((a, b) => a - b).map((position) => ({ position }))
  return positionsDigest(lines) === commonDigest
}
