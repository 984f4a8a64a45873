import type { AuditedActView, AuditPage } from '@concordance/protocol'
import type { Kysely, Selectable } from 'kysely'
import type { AuditTrailView, Tables } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'

export interface AuditedAct {
  readonly at: Date
  /** Person, program or `operator` at the machine. */
  readonly actor: string
  /** Such as `token.create`, `log.confirm`, `record.publish`. */
  readonly act: string
  readonly target: string
  /** Ids, codes and reasons; never content. */
  readonly detail: object
}

/** Writes one line of the append-only audit trail, usually in the transaction of the act itself. */
export async function audit(db: Kysely<Tables>, { detail, ...act }: AuditedAct): Promise<void> {
  await db
    .insertInto('audit')
    .values({ ...act, detail: JSON.stringify(detail) })
    .execute()
}

export interface AuditFilters {
  readonly actor?: string
  readonly act?: string
  /** Only what was done at or after this time. */
  readonly from?: Date
}

/**
 * The audit trail, newest first: what people did, and what they appended to our own log.
 *
 * @throws {ExchangeError} `invalid` for a cursor that no page gave.
 */
export async function listAudit(
  { db }: Pick<Deps, 'db'>,
  filters: AuditFilters,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<AuditPage> {
  const before = cursor === undefined ? everything : parseCursor(cursor)
  const newestOf = (kind: 'act' | 'entry') => {
    const older = queryTrail(db, filters, kind).where('number', '<', before[kind])
    return older.limit(limit + 1).execute()
  }
  // Each kind by its own key, so that neither is read whole.
  const rows = merge(await newestOf('act'), await newestOf('entry'))
  const items = rows.slice(0, limit)
  return { items: items.map(lineOf), ...(rows.length > limit && { next: formatCursor(items, before) }) }
}

type Line = Selectable<AuditTrailView>

/** Two lists into one, the newer line first, each list in its own order: a page ends at one place of each. */
function merge(acts: readonly Line[], entries: readonly Line[]): Line[] {
  const merged: Line[] = []
  let [a, e] = [0, 0]
  for (;;) {
    const [act, entry] = [acts[a], entries[e]]
    if (!act || !entry) return [...merged, ...acts.slice(a), ...entries.slice(e)]
    if (act.at > entry.at) a++
    else e++
    merged.push(act.at > entry.at ? act : entry)
  }
}

type Before = Readonly<Record<'act' | 'entry', number>>

const everything: Before = { act: Number.MAX_SAFE_INTEGER, entry: Number.MAX_SAFE_INTEGER }

function queryTrail(db: Kysely<Tables>, { actor, act, from }: AuditFilters, kind: 'act' | 'entry') {
  let query = db.selectFrom('audit_trail').selectAll().where('kind', '=', kind).orderBy('number', 'desc')
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (act !== undefined) query = query.where('act', '=', act)
  return from === undefined ? query : query.where('at', '>=', from)
}

function lineOf({ at, actor, act, target, detail }: Line): AuditedActView {
  return { at: at.toISOString(), actor, act, target, detail: detail as AuditedActView['detail'] }
}

function formatCursor(items: readonly Line[], before: Before): string {
  const lowest = (kind: 'act' | 'entry') =>
    items.filter((item) => item.kind === kind).reduce((low, { number }) => Math.min(low, number), before[kind])
  return Buffer.from(`${lowest('act')}.${lowest('entry')}`).toString('base64url')
}

function parseCursor(cursor: string): Before {
  const [, act, entry] = /^(\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  if (act === undefined || entry === undefined) throw new ExchangeError('invalid', 'no page gave this cursor')
  return { act: Number(act), entry: Number(entry) }
}
