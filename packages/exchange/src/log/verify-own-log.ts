import { emptyFrontier, extendFrontier, type Frontier, type Hash, rootOf, verifyCheckpoint } from '@concordance/log'
import {
  coverLeafInputOf,
  encodeBase64url,
  type LogCheck,
  leafHashOf,
  leafInputOf,
  parseStatementUnsafe,
  recordIdOf,
  verifyBody,
} from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { subtreeLevel } from './append-batch.ts'
import { getSealedCheckpoint } from './checkpoints.ts'
import { getOwnLogId } from './proof.ts'

const entriesAtOnce = 1_000
const problemsAtMost = 100

type Problem = LogCheck['problems'][number]

/**
 * Recomputes our own log from its stored bytes: every record id, leaf and body, every stored subtree, every committed
 * root, and the signature of the newest checkpoint over the last one. Reads everything, in bounded memory; writes nothing.
 *
 * @throws {ExchangeError} `unavailable` before the first checkpoint is signed.
 */
export async function verifyOwnLog(deps: Deps): Promise<LogCheck> {
  const log = await getOwnLogId(deps.db)
  const { size, checkpoint } = await getSealedCheckpoint(deps)
  const problems: Problem[] = []
  let frontier = emptyFrontier
  while (frontier.size < size && problems.length < problemsAtMost) {
    const next = await verifyStretch(
      deps,
      { log, from: frontier, to: Math.min(frontier.size + entriesAtOnce, size) },
      problems,
    )
    if (!next) break
    frontier = next
  }
  const root = encodeBase64url(rootOf(frontier))
  const isWhole = frontier.size === size
  if (isWhole && verifyCheckpoint(checkpoint, deps.identity.keyset()).root !== root)
    problems.push({ code: 'ROOT_MISMATCH' })
  return { ok: problems.length === 0, size, root, problems: problems.slice(0, problemsAtMost) }
}

interface Stretch {
  readonly log: number
  readonly from: Frontier
  /** Not included. */
  readonly to: number
}

/** Undefined where an entry is missing: nothing behind it can be judged. */
async function verifyStretch(deps: Deps, stretch: Stretch, problems: Problem[]): Promise<Frontier | undefined> {
  const rows = await listEntries(deps, stretch)
  const missing = rows.findIndex(({ position }, index) => position !== stretch.from.size + index)
  if (missing >= 0 || rows.length < stretch.to - stretch.from.size) {
    problems.push({ code: 'ENTRY_MISSING', position: stretch.from.size + (missing < 0 ? rows.length : missing) })
    return undefined
  }
  const [roots, subtrees] = await Promise.all([listRoots(deps, stretch), listSubtrees(deps, stretch)])
  let frontier = stretch.from
  for (const row of rows) {
    frontier = extendFrontier(frontier, [recompute(row, problems)], (level, index, hash) => {
      const isRight = level !== subtreeLevel || subtrees.get(index)?.equals(hash)
      if (!isRight) problems.push({ code: 'SUBTREE_MISMATCH', position: index * 2 ** level })
    })
    const committed = roots.get(frontier.size)
    if (committed && !committed.equals(rootOf(frontier)))
      problems.push({ code: 'ROOT_MISMATCH', position: row.position })
  }
  return frontier
}

type Row = Awaited<ReturnType<typeof listEntries>>[number]

function listEntries({ db }: Deps, { log, from, to }: Stretch) {
  return db
    .selectFrom('entry')
    .select(['position', 'leaf_hash', 'record_id', 'statement', 'body', 'cover'])
    .where('log', '=', log)
    .where('position', '>=', from.size)
    .where('position', '<', to)
    .orderBy('position')
    .execute()
}

async function listRoots({ db }: Deps, { log, from, to }: Stretch): Promise<Map<number, Buffer>> {
  const rows = await db
    .selectFrom('checkpoint')
    .select(['size', 'root'])
    .where('log', '=', log)
    .where('size', '>', from.size)
    .where('size', '<=', to)
    .execute()
  return new Map(rows.map(({ size, root }) => [size, root]))
}

async function listSubtrees({ db }: Deps, { log, from, to }: Stretch): Promise<Map<number, Buffer>> {
  const width = 2 ** subtreeLevel
  const rows = await db
    .selectFrom('subtree')
    .select(['index', 'hash'])
    .where('log', '=', log)
    .where('index', '>=', Math.floor(from.size / width))
    .where('index', '<', Math.ceil(to / width))
    .execute()
  return new Map(rows.map(({ index, hash }) => [index, hash]))
}

/** The leaf as the stored statement gives it, or the bytes that a cover leaf has in its place. */
function recompute(row: Row, problems: Problem[]): Hash {
  const { position, leaf_hash, record_id, statement, body, cover } = row
  if (cover) return recomputeCover({ position, leaf_hash, cover }, problems)
  if (!statement || !record_id) {
    problems.push({ code: 'STATEMENT_MISSING', position })
    return leaf_hash
  }
  try {
    const compact = statement.toString('utf8')
    const recordId = recordIdOf(compact)
    const leaf = leafHashOf(leafInputOf(recordId))
    if (recordId !== encodeBase64url(record_id)) problems.push({ code: 'RECORD_ID_MISMATCH', position })
    if (!leaf_hash.equals(leaf)) problems.push({ code: 'LEAF_MISMATCH', position })
    if (body && !isBodyOf(compact, body.toString('utf8'))) problems.push({ code: 'BODY_MISMATCH', position })
    return leaf
  } catch {
    problems.push({ code: 'STATEMENT_MALFORMED', position }) // what is wrong with it may hold content
    return leaf_hash
  }
}

function recomputeCover(
  { position, leaf_hash, cover }: { position: number; leaf_hash: Buffer; cover: Buffer },
  problems: Problem[],
): Hash {
  const leaf = leafHashOf(coverLeafInputOf(cover))
  if (!leaf_hash.equals(leaf)) problems.push({ code: 'LEAF_MISMATCH', position })
  return leaf
}

function isBodyOf(compact: string, body: string): boolean {
  const { statement } = parseStatementUnsafe(compact)
  try {
    verifyBody(statement, body)
    return true
  } catch {
    return false
  }
}
