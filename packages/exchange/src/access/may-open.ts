import type { Marking } from '@concordance/protocol'
import { type RawBuilder, type SqlBool, sql } from 'kysely'

/** Whoever asks. */
export type Viewer =
  | { readonly kind: 'public' }
  /** Another institute's node, active as this node sees it. */
  | { readonly kind: 'peer'; readonly iss: string }
  /** Staff of this institute, or a program of theirs. */
  | { readonly kind: 'person'; readonly subject: string }

/** What the rule looks at. */
export interface Guarded {
  /** From our own log; otherwise a mirrored record, which its origin opened to this institute. */
  readonly isOwn: boolean
  readonly mark: Marking
  /** Taken back by its institute, or hidden because what takes it back cannot be interpreted. */
  readonly isTakenBack: boolean
}

/** `hash`: closed, as if it did not exist. `statement`: the signed part alone. `open`: all of it. */
export type Openness = 'hash' | 'statement' | 'open'

/**
 * Who may see what: the one rule behind reading, lists, counts, search, sync and export. Default deny.
 *
 * CLEAR is for everybody and GREEN for active peers, both once no embargo runs. Everything else stays with this
 * institute's own staff: a group is nobody until its record can be resolved. A record that was taken back keeps its
 * statement and closes its body.
 *
 * @param nowSeconds Our clock; an embargo ends by it.
 */
export function mayOpen(viewer: Viewer, { isOwn, mark, isTakenBack }: Guarded, nowSeconds: number): Openness {
  if (!isEntitled(viewer, isOwn, mark, nowSeconds)) return 'hash'
  return isTakenBack ? 'statement' : 'open'
}

function isEntitled(viewer: Viewer, isOwn: boolean, mark: Marking, nowSeconds: number): boolean {
  if (viewer.kind === 'person') return true
  if (mark.embargoUntil !== undefined && mark.embargoUntil > nowSeconds) return false
  if (mark.tlp === 'CLEAR') return true
  return mark.tlp === 'GREEN' && viewer.kind === 'peer' && isOwn
}

/**
 * The SQL twin of `mayOpen`: whether a row of `record`, joined with its `log`, is open to the viewer at all. A property
 * test holds the two together. What is closed takes no part in the query, so it leaves no trace in counts or order.
 *
 * @param record Name under which the query knows the row.
 */
export function isOpenTo(viewer: Viewer, nowSeconds: number, record = 'record'): RawBuilder<SqlBool> {
  if (viewer.kind === 'person') return sql<SqlBool>`true`
  const row = sql.table(record)
  const released = sql<SqlBool>`(${row}.embargo_until is null or ${row}.embargo_until <= ${nowSeconds})`
  if (viewer.kind === 'public') return sql<SqlBool>`(${released} and ${row}.tlp = 'CLEAR')`
  return sql<SqlBool>`(${released} and (${row}.tlp = 'CLEAR' or (${row}.tlp = 'GREEN' and log.is_own)))`
}
