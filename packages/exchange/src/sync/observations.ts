import type { Observations } from '@concordance/protocol'
import { encodeBase64url } from '@concordance/protocol'
import { type SqlBool, sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'

const statementsAtMost = 1_000
const checkpointsAtMost = 8

/**
 * What this node saw of another institute's log, for a peer to hold against its own copy: newest checkpoints, the
 * coverage statements we were given, and which record stands for which version. Nothing here says more than every
 * active peer may know: coverage statements hold digests and what every peer is told was narrowed, and versions are those
 * of CLEAR and GREEN records that are not closed to us.
 *
 * @throws {ExchangeError} `not-found` when this node keeps no copy of that log.
 */
export async function observationsOf(
  deps: Deps,
  { origin, from }: { origin: string; from: number },
): Promise<Observations> {
  const log = await deps.db
    .selectFrom('log')
    .leftJoin('projection', 'projection.log', 'log.id')
    .select(['id', 'iss', 'size', 'position'])
    .where('origin', '=', origin)
    .where('is_own', '=', false)
    .executeTakeFirst()
  if (!log) throw new ExchangeError('not-found', 'no copy of that log is kept here')
  // Which record stands for which version is known as far as the projection has read.
  const size = Math.min(log.size, log.position ?? 0)
  const coverage = await listCoverageFrom(deps, log.id, from, size)
  const versions = await listVersions(deps, log.id, from)
  const next = nextOf(size, coverage, versions)
  return {
    iss: log.iss,
    origin,
    checkpoints: await listCheckpoints(deps, log.id),
    coverage: coverage.map(({ jws }) => ({ jws })),
    versions: versions.map((row) => ({ ...row, record: encodeBase64url(row.record) })),
    next,
  }
}

function nextOf(size: number, coverage: readonly { to_position: number }[], versions: readonly { position: number }[]) {
  const ends = [size]
  if (coverage.length === statementsAtMost) ends.push(coverage.at(-1)?.to_position ?? size)
  if (versions.length === statementsAtMost) ends.push((versions.at(-1)?.position ?? size) + 1)
  return Math.min(...ends)
}

async function listCheckpoints({ db }: Deps, log: number): Promise<string[]> {
  const rows = await db
    .selectFrom('checkpoint')
    .select('jws')
    .where('log', '=', log)
    .where('jws', 'is not', null)
    .orderBy('size', 'desc')
    .limit(checkpointsAtMost)
    .execute()
  return rows.flatMap(({ jws }) => (jws ? [jws] : []))
}

function listCoverageFrom({ db }: Deps, log: number, from: number, size: number) {
  return db
    .selectFrom('coverage_received')
    .select(['jws', 'to_position'])
    .where('log', '=', log)
    .where('to_position', '>', from)
    .where('to_position', '<=', size)
    .whereRef('from_position', '<', 'to_position')
    .orderBy('to_position')
    .limit(statementsAtMost)
    .execute()
}

function listVersions({ db }: Deps, log: number, from: number) {
  return db
    .selectFrom('record')
    .select(['position', 'finding', 'version', 'record_id as record'])
    .where('log', '=', log)
    .where('position', '>=', from)
    .where('tlp', 'in', ['CLEAR', 'GREEN'])
    .where('embargo_until', 'is', null)
    .where(
      sql<SqlBool>`not exists (select from revoked where revoked.log = record.log and revoked.position = record.position)`,
    )
    .orderBy('position')
    .limit(statementsAtMost)
    .execute()
}
