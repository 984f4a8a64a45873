import { formatTlogProof, inclusionRanges, type RecordProof } from '@concordance/log'
import { encodeBase64url, leafHashOf, leafInputOf } from '@concordance/protocol'
import type { Viewer } from './access/may-open.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import { hashRanges } from './log/proof.ts'
import { getRecord } from './records.ts'

/**
 * One file that proves a record offline to whoever trusts the pinned root key of its institute. The body is in it where
 * it is open to the viewer.
 *
 * Of a copied log it holds no C2SP note, since notes are not copied.
 *
 * @throws {ExchangeError} `not-found`, or `unavailable` while no signed checkpoint covers the record.
 */
export async function exportRecord(deps: Deps, viewer: Viewer, recordId: string): Promise<RecordProof> {
  const { iss, position, statement, body } = await getRecord(deps, viewer, recordId)
  const { log, size, jws, note } = await getCheckpointCovering(deps, iss, position)
  const hashes = await hashRanges(deps.db, log, inclusionRanges(position, size))
  return {
    v: 1,
    kind: 'record-proof',
    keysets: await listKeysets(deps, iss),
    statement,
    body,
    position,
    leaf: encodeBase64url(leafHashOf(leafInputOf(recordId))),
    ...(note === null
      ? { proof: null, hashes: hashes.map((hash) => encodeBase64url(hash)) }
      : { proof: formatTlogProof({ index: position, hashes, note }) }),
    checkpoint: jws,
  }
}

async function getCheckpointCovering({ db }: Deps, iss: string, position: number) {
  const row = await db
    .selectFrom('checkpoint')
    .innerJoin('log', 'log.id', 'checkpoint.log')
    .select(['checkpoint.log', 'checkpoint.size', 'checkpoint.jws', 'checkpoint.note'])
    .where('log.iss', '=', iss)
    .where('checkpoint.size', '>', position)
    .whereRef('checkpoint.size', '<=', 'log.size')
    .where('checkpoint.jws', 'is not', null)
    .orderBy('checkpoint.size', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row?.jws) throw new ExchangeError('unavailable', 'no signed checkpoint covers the record yet')
  return { ...row, jws: row.jws }
}

async function listKeysets({ db }: Deps, iss: string): Promise<string[]> {
  const rows = await db.selectFrom('keyset').select('document').where('iss', '=', iss).orderBy('seq').execute()
  return rows.map(({ document }) => document)
}
