import { encodeFrontier } from '@concordance/log'
import type { Deps } from '../deps.ts'
import type { AcceptedEntry } from './accept-entries.ts'
import { isControl } from './control-records.ts'
import { coverageValuesOf } from './coverage-received.ts'
import type { Mirror } from './mirror.ts'
import type { VerifiedPage } from './verify-page.ts'

/** Larger ones are copied, which is faster for many rows and takes several round trips. */
const entriesAtMost = 32

/** Whether a page brings nothing but records: what else a page may bring needs statements of its own. */
export function isPlain({ subtrees, coverage }: VerifiedPage, entries: readonly AcceptedEntry[]): boolean {
  const isRecord = (entry: AcceptedEntry) => !entry.quarantine && !entry.keyset && !isControl(entry)
  const isSmall = entries.length <= entriesAtMost && subtrees.length === 0
  return isSmall && coverage.narrowed === undefined && entries.every(isRecord)
}

/**
 * Stores a plain page that ends where its checkpoint does: the usual news of a peer, in one statement and one round trip,
 * because each further one delays the record for everybody here. The caller has compared the root.
 *
 * @returns false where nothing was stored: the mirror does not stand where the page begins, or control records wait.
 */
export async function promotePlainPage(
  { pool }: Pick<Deps, 'pool'>,
  mirror: Mirror,
  page: VerifiedPage,
  entries: readonly AcceptedEntry[],
): Promise<boolean> {
  const { checkpoint, checkpointJws, frontier } = page
  const { rowCount } = await pool.query({
    name: 'promote-plain-page',
    text: promoteText,
    values: [
      mirror.log,
      mirror.staged.size,
      mirror.iss,
      entries.map(({ position }) => position),
      entries.map(({ leafHash }) => leafHash),
      entries.map(({ recordId }) => (recordId === undefined ? null : Buffer.from(recordId, 'base64url'))),
      entries.map(({ compact }) => compact ?? null),
      entries.map(({ bodyText }) => bodyText ?? null),
      frontier.size,
      encodeFrontier(frontier),
      ...coverageValuesOf(page),
      Buffer.from(checkpoint.root, 'base64url'),
      checkpointJws,
      checkpoint.iat,
    ],
  })
  return rowCount === 1
}

const promoteText = `
  with mirror as (
    select id from log where id = $1 and staged_size = $2 and not exists (select from control_pending where log = $1)
    for update
  ), entries as (
    insert into entry (log, position, leaf_hash, record_id, statement, body)
    select mirror.id, position, leaf_hash, record_id, convert_to(statement, 'UTF8'), convert_to(body, 'UTF8')
    from mirror, unnest($4::bigint[], $5::bytea[], $6::bytea[], $7::text[], $8::text[])
      as new (position, leaf_hash, record_id, statement, body)
  ), received as (
    insert into coverage_received (log, from_position, to_position, common, jws, iat)
    select mirror.id, $11, $12, $13::int[], $14, $15 from mirror on conflict do nothing
  ), kept as (
    insert into checkpoint (log, size, root, jws, iat) select mirror.id, $9, $16, $17, $18 from mirror
    on conflict (log, size) do update set jws = excluded.jws, iat = excluded.iat where checkpoint.iat <= excluded.iat
  ), newest as (
    update peer set checkpoint = $17, checkpoint_iat = $18, last_synced_at = now(), last_error = null, last_error_at = null
    from mirror where iss = $3 and (checkpoint_iat is null or checkpoint_iat <= $18)
  ), moved as (
    update log set staged_size = $9, staged_frontier = $10, size = $9, frontier = $10 from mirror where log.id = mirror.id
  )
  select from mirror`
