import { emptyFrontier, extendFrontier, type Hash, rootOf, verifyCheckpoint } from '@concordance/log'
import { encodeBase64url, type LogCheck, leafHashOf, leafInputOf, recordIdOf } from '@concordance/protocol'
import type { Deps } from '../deps.ts'

const entriesAtOnce = 2_000
const problemsAtMost = 100

/**
 * Recomputes our own log from its stored bytes: every record id and leaf, the root, and the signature of the newest
 * checkpoint over it. Reads everything, in bounded memory; writes nothing.
 */
export async function verifyOwnLog(deps: Deps): Promise<LogCheck> {
  const head = await deps.db
    .selectFrom('checkpoint')
    .innerJoin('log', 'log.id', 'checkpoint.log')
    .select(['checkpoint.log', 'checkpoint.size', 'checkpoint.jws'])
    .where('log.is_own', '=', true)
    .where('checkpoint.jws', 'is not', null)
    .orderBy('checkpoint.size', 'desc')
    .executeTakeFirst()
  if (!head?.jws) return { ok: true, size: 0, root: encodeBase64url(rootOf(emptyFrontier)), problems: [] }
  const problems: LogCheck['problems'][number][] = []
  let frontier = emptyFrontier
  while (frontier.size < head.size) {
    const rows = await listEntries(deps, head.log, frontier.size, Math.min(frontier.size + entriesAtOnce, head.size))
    if (rows.length === 0) break
    const leaves = rows.map((row) => recompute(row, problems))
    frontier = extendFrontier(frontier, leaves)
  }
  const root = encodeBase64url(rootOf(frontier))
  if (frontier.size !== head.size) problems.push({ code: 'ENTRY_MISSING', position: frontier.size })
  else if (verifyCheckpoint(head.jws, deps.identity.keyset()).root !== root) problems.push({ code: 'ROOT_MISMATCH' })
  return { ok: problems.length === 0, size: head.size, root, problems: problems.slice(0, problemsAtMost) }
}

type Row = Awaited<ReturnType<typeof listEntries>>[number]

function listEntries({ db }: Deps, log: number, from: number, to: number) {
  return db
    .selectFrom('entry')
    .select(['position', 'leaf_hash', 'record_id', 'statement', 'body'])
    .where('log', '=', log)
    .where('position', '>=', from)
    .where('position', '<', to)
    .orderBy('position')
    .execute()
}

/** The leaf as the stored statement gives it; a cover leaf has none and stands for itself. */
function recompute({ position, leaf_hash, record_id, statement }: Row, problems: LogCheck['problems'][number][]): Hash {
  if (!statement || !record_id) return leaf_hash
  try {
    const recordId = recordIdOf(statement.toString('utf8'))
    const leaf = leafHashOf(leafInputOf(recordId))
    if (recordId !== encodeBase64url(record_id)) problems.push({ code: 'RECORD_ID_MISMATCH', position })
    if (Buffer.compare(leaf, leaf_hash) !== 0) problems.push({ code: 'LEAF_MISMATCH', position })
    return leaf
  } catch {
    problems.push({ code: 'STATEMENT_MALFORMED', position })
    return leaf_hash
  }
}
