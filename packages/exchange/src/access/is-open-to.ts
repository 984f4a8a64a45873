import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { forResearchers, labelsUpTo, type Viewer } from './may-open.ts'

type Condition = RawBuilder<SqlBool>

/** A peer by values, or by the columns of a query over all peers. */
interface PeerTerms {
  readonly iss: RawBuilder<string>
  /** Array of the labels up to its ceiling. */
  readonly labels: RawBuilder<readonly string[]>
  /** See `Viewer`. */
  readonly isFor?: 'researcher' | undefined
  readonly isLive?: true | undefined
}

/**
 * The SQL twin of `mayOpen`: whether a row of `record`, joined with its `log`, is open to the viewer at all. A property
 * test holds the two together. What is closed takes no part in the query, so it leaves no trace in counts or order.
 *
 * `offset 0` keeps PostgreSQL from planning an `exists` twice, row by row and as a whole: nested, behind the second wall, that
 * took three times as long, and these are all asked of a few rows by their keys.
 *
 * @param record Name under which the query knows the row.
 */
export function isOpenTo(viewer: Viewer, nowSeconds: number, record = 'record'): Condition {
  const row = sql.table(record)
  const isRevoked = sql<SqlBool>`exists (select from revoked
    where revoked.log = ${row}.log and revoked.position = ${row}.position offset 0)`
  const mirrored = mirroredIsOpenTo(viewer, nowSeconds, record)
  return sql<SqlBool>`(case when log.is_own then ${ownIsOpenTo(viewer, nowSeconds, record)}
    else ${mirrored} and not ${isRevoked} end)`
}

/** The same for a row of `own_record`, or one of `record` that is known to be of our own log. */
export function ownIsOpenTo(viewer: Viewer, nowSeconds: number, record = 'own_record'): Condition {
  if (viewer.kind === 'peer') {
    const labels = sql<readonly string[]>`${labelsUpTo(viewer.ceiling)}::text[]`
    const { for: isFor, isLive } = viewer
    return ownIsOpenToPeer(
      { iss: sql`${viewer.iss}`, labels, isFor, isLive },
      isRunning(nowSeconds),
      nowSeconds,
      record,
    )
  }
  return withTarget(record, (name) => byMarkingTo(viewer, nowSeconds, name))
}

/**
 * The same for whatever row of `peer` a query is at. A snapshot that has run out still gives the rights it gave: the end
 * of a group stops serving, and only a newer snapshot takes a right back.
 */
export function ownIsOpenToEachPeer(nowSeconds: number, record = 'own_record'): Condition {
  const all = sql`array['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT']`
  const labels = sql<readonly string[]>`(${all})[1 : array_position(${all}, peer.ceiling)]`
  return ownIsOpenToPeer({ iss: sql`peer.iss`, labels }, sql<SqlBool>`true`, nowSeconds, record)
}

function ownIsOpenToPeer(peer: PeerTerms, isValid: Condition, nowSeconds: number, record: string): Condition {
  const narrow = (name: string, isOpen: Condition) =>
    peer.isFor === 'researcher' ? sql<SqlBool>`(${isOpen} and ${researcherMay(nowSeconds, name)})` : isOpen
  const open = withTarget(record, (name) => narrow(name, peerMay(peer, isValid, nowSeconds, name)))
  return sql<SqlBool>`(${open} or ${narrow(record, wasSent(peer, record))})`
}

/** A marking record or a withdrawal needs the right to its target besides. */
function withTarget(record: string, isOpen: (name: string) => Condition): Condition {
  const row = sql.table(record)
  const target = sql<SqlBool>`exists (select from own_record about
    where about.position = ${row}.target and ${isOpen('about')} offset 0)`
  return sql<SqlBool>`(${isOpen(record)} and (${row}.type not in ('marking', 'withdrawal') or ${target}))`
}

function mirroredIsOpenTo(viewer: Viewer, nowSeconds: number, record: string): Condition {
  if (viewer.kind === 'person' && viewer.staff) return sql<SqlBool>`true`
  const may = viewer.kind === 'person' ? researcherMay(nowSeconds, record) : publicMay(nowSeconds, record)
  const isForResearchers = viewer.kind === 'peer' && viewer.for === 'researcher'
  const closed = isForResearchers ? sql`('marking', 'group')` : sql`('marking')`
  return sql<SqlBool>`(${may} and ${sql.table(record)}.type not in ${closed})`
}

function byMarkingTo(viewer: Exclude<Viewer, { kind: 'peer' }>, nowSeconds: number, record: string): Condition {
  if (viewer.kind === 'public') return publicMay(nowSeconds, record)
  return viewer.staff ? staffMay(viewer.subject, record) : researcherMay(nowSeconds, record)
}

function publicMay(nowSeconds: number, record: string): Condition {
  return sql<SqlBool>`(${sql.table(record)}.tlp = 'CLEAR' and ${isReleased(nowSeconds, record)})`
}

/** The common case first: a released CLEAR or GREEN needs no look at any group. */
function peerMay(peer: PeerTerms, isValid: Condition, nowSeconds: number, record: string): Condition {
  const row = sql.table(record)
  const isCommon = sql<SqlBool>`${row}.tlp in ('CLEAR', 'GREEN')`
  return sql<SqlBool>`(${row}.tlp = any (${peer.labels})
    and ((${isCommon} and ${isReleased(nowSeconds, record)}) or ${isMember(peer, isValid, record)}))`
}

function isMember({ iss }: PeerTerms, isValid: Condition, record: string): Condition {
  const row = sql.table(record)
  return sql<SqlBool>`(${row}.group_iss is not null and exists (
    select from group_snapshot snapshot
    join group_member member on member.iss = snapshot.iss and member.finding = snapshot.finding
    where snapshot.iss = ${row}.group_iss and snapshot.finding = ${row}.group_finding and member.member = ${iss}
      and ${isValid}
      and case when ${row}.type = 'group' then ${iss} = any (${row}.readers) else ${row}.iat >= member.history_from end offset 0))`
}

function isRunning(nowSeconds: number): Condition {
  return sql<SqlBool>`snapshot.valid_until > ${nowSeconds}`
}

function staffMay(subject: string, record: string): Condition {
  const row = sql.table(record)
  return sql<SqlBool>`(${row}.tlp <> 'RED' or coalesce(${subject} = any (${row}.readers), false))`
}

function researcherMay(nowSeconds: number, record: string): Condition {
  const row = sql.table(record)
  return sql<SqlBool>`(${row}.tlp = any (${forResearchers}::text[]) and ${row}.type <> 'group'
    and ${isReleased(nowSeconds, record)})`
}

function isReleased(nowSeconds: number, record: string): Condition {
  const row = sql.table(record)
  return sql<SqlBool>`(${row}.embargo_until is null or ${row}.embargo_until <= ${nowSeconds})`
}

/** A withdrawal reaches whoever was ever sent what it takes back, unless it is RED; live, below the ceiling alone. */
function wasSent({ iss, labels, isLive }: PeerTerms, record: string): Condition {
  const row = sql.table(record)
  const reaches = isLive ? sql<SqlBool>`${row}.tlp = any (${labels})` : sql<SqlBool>`${row}.tlp <> 'RED'`
  return sql<SqlBool>`(${row}.type = 'withdrawal' and ${reaches} and exists (select from delivery
    where delivery.peer = ${iss} and delivery.from_position <= ${row}.target and ${row}.target < delivery.to_position
      and ${row}.target - delivery.from_position = any (delivery.opened) offset 0))`
}
