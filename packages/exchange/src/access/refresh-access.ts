import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { ownIsOpenToEachPeer } from './is-open-to.ts'

/** Which of our own entries may have changed hands; `own_record` is the row's name. */
export type Scope = RawBuilder<SqlBool>
type Condition = RawBuilder<SqlBool>

export const atPosition = (position: number): Scope => sql<SqlBool>`own_record.position = ${position}`

export const ofGroup = ({ iss, finding }: { iss: string; finding: string }): Scope =>
  sql<SqlBool>`(own_record.group_iss = ${iss} and own_record.group_finding = ${finding}::uuid)`

export const withEndedEmbargo = (nowSeconds: number): Scope => sql<SqlBool>`own_record.embargo_until <= ${nowSeconds}`

/** Entries whose group is over by then, in seconds since the epoch. */
export function groupRanOutBy(seconds: RawBuilder<unknown>): Scope {
  return sql<SqlBool>`exists (select from group_snapshot snapshot where snapshot.iss = own_record.group_iss
    and snapshot.finding = own_record.group_finding and snapshot.valid_until <= ${seconds})`
}

/**
 * Entries for everybody since their embargo ended, whose group had run out before: its members were granted them all along,
 * read them as closed meanwhile, and have not been told since.
 */
export const openedUntold: Scope = sql<SqlBool>`(own_record.embargo_until is not null and own_record.tlp in ('CLEAR', 'GREEN')
  and ${groupRanOutBy(sql`own_record.embargo_until`)}
  and exists (select from granted where granted.position = own_record.position
    and granted.told_at < to_timestamp(own_record.embargo_until)))`

/** Entries whose rights can change at all; for any other they follow from the label, and nobody needs to be told. */
export const changeable: Scope = sql<SqlBool>`(own_record.group_iss is not null or own_record.embargo_until is not null
  or exists (select from remarked join log on log.id = remarked.log where log.is_own and remarked.record_id = own_record.record_id))`

/**
 * Holds what each active peer was told against what it may open now, and appends every difference to its access feed.
 * One statement, to be run under the lock of our own log's row: feeds are gapless, and a page that is authorised later
 * finds rights and feed as they belong together.
 */
export function refreshAccess(scope: Scope, now: Date): RawBuilder<unknown> {
  return sql`with right_now as (${rightsOf(scope, now)}),
    change as (
      select right_now.* from right_now left join granted on granted.peer = right_now.peer and granted.position = right_now.position
      where right_now.open <> (granted.position is not null)
    ),
    opened as (insert into granted (peer, position, told_at) select peer, position, ${now}::timestamptz from change where open),
    closed as (delete from granted using change
      where granted.peer = change.peer and granted.position = change.position and not change.open)
    insert into access_item (peer, seq, kind, position, at)
    select peer, ${lengthOfFeed('change')} + row_number() over (partition by peer order by position) - 1,
      case when open then 'granted' else 'revoked' end, position, ${now}
    from change`
}

/** Notes the rights of today as known: of new entries, which nobody has read yet, and before a marking changes. */
export function noteAccess(scope: Scope, now: Date): RawBuilder<unknown> {
  return sql`insert into granted (peer, position, told_at)
    select peer, position, ${now}::timestamptz from (${rightsOf(scope, now)}) as right_now where open
    on conflict do nothing`
}

/** Tells everybody once more what they were granted: after a group had run out, and pages read meanwhile were closed. */
export function retellAccess(scope: Scope, now: Date): RawBuilder<unknown> {
  return sql`with again as (update granted set told_at = ${now} from ${touchedBy(scope)}
      where granted.position = touched.position returning granted.peer, granted.position)
    insert into access_item (peer, seq, kind, position, at)
    select peer, ${lengthOfFeed('again')} + row_number() over (partition by peer order by position) - 1, 'granted', position, ${now}
    from again`
}

/** Notes the rights of one peer as they are today, without a word: it is new, or is told to read everything again. */
export function settleAccess(peer: string, now: Date): RawBuilder<unknown> {
  return sql`with right_now as (${rightsOf(changeable, now, sql<SqlBool>`peer.iss = ${peer}`)}),
    closed as (delete from granted where peer = ${peer}
      and not exists (select from right_now where right_now.open and right_now.position = granted.position))
    insert into granted (peer, position, told_at)
    select peer, position, ${now}::timestamptz from right_now where open on conflict do nothing`
}

/** Tells a peer to read our log again from the start. */
export function resetAccess(peer: string, now: Date): RawBuilder<unknown> {
  return sql`insert into access_item (peer, seq, kind, position, at)
    select peer, ${lengthOfFeed('one')}, 'reset', null, ${now} from (values (${peer})) as one (peer)`
}

function rightsOf(scope: Scope, now: Date, who: Condition = sql<SqlBool>`true`): RawBuilder<unknown> {
  const nowSeconds = Math.floor(now.getTime() / 1_000)
  return sql`select peer.iss as peer, own_record.position, coalesce(${ownIsOpenToEachPeer(nowSeconds)}, false) as open
    from ${touchedBy(scope)} join own_record using (position) cross join peer where peer.state = 'active' and ${who}`
}

/** The entries themselves, and what is about them: a marking record or a withdrawal needs the right to its target. */
function touchedBy(scope: Scope): RawBuilder<unknown> {
  const within = sql`select own_record.position from own_record where ${scope}`
  return sql`(${within} union select later.position from (${within}) about
    join own_record later on later.target = about.position) as touched`
}

function lengthOfFeed(row: string): RawBuilder<number> {
  return sql<number>`coalesce((select max(seq) + 1 from access_item told where told.peer = ${sql.table(row)}.peer), 0)`
}
