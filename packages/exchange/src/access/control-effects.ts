import type { GroupBody, Marking, MarkingBody, Statement } from '@concordance/protocol'
import { isCommon } from '@concordance/protocol'
import { type RawBuilder, sql } from 'kysely'
import { atPosition, groupRanOutBy, noteAccess, ofGroup, refreshAccess, retellAccess } from './refresh-access.ts'

/** An entry of our own that is being appended. */
export interface AppendedEntry {
  readonly log: number
  readonly position: number
  readonly statement: Statement
  /** Canonical text. */
  readonly body: string | undefined
  /** RED: who worked on it. */
  readonly readers: readonly string[]
}

/** Whom an entry of our own is for by name, besides its label: undefined where the label says everything. */
export function namedReadersOf({
  statement: { mark, type },
  body,
  readers,
}: Pick<AppendedEntry, 'statement' | 'body' | 'readers'>): readonly string[] | undefined {
  if (!isChangeable(mark) && mark.tlp !== 'RED') return undefined
  return type === 'group' ? (JSON.parse(body ?? '{}') as GroupBody).members.map(({ iss }) => iss) : readers
}

/**
 * What an entry changes for the access rule, as statements for its own transaction, in order, after the entry itself; none
 * for the usual record.
 */
export function accessEffectsOf(entry: AppendedEntry, now: Date): RawBuilder<unknown>[] {
  const { position, statement } = entry
  const { type, mark } = statement
  if (type === 'marking') return remark(entry, now)
  const effects = aboutTarget(entry)
  if (type === 'group') return [...effects, ...replaceGroup(entry, now)]
  // RED is for no peer, so there is nothing to note of it.
  const isNoted = mark.tlp !== 'RED' && (effects.length > 0 || isChangeable(mark))
  return isNoted ? [...effects, noteAccess(atPosition(position), now)] : effects
}

/** Whether rights to it can change without another record: with a group, or with the time. */
function isChangeable({ group, embargoUntil }: Marking): boolean {
  return group !== undefined || embargoUntil !== undefined
}

/** Withdrawals and marking records are found by the entry they are about. */
function aboutTarget({ position, statement }: AppendedEntry): RawBuilder<unknown>[] {
  const target = targetOf(statement)
  if (target === undefined) return []
  return [
    sql`update own_record set target = (select about.position from own_record about where about.record_id = ${target})
      where position = ${position}`,
  ]
}

function targetOf({ rel }: Statement): Buffer | undefined {
  const relation = rel.find(({ kind }) => kind === 'withdraws' || kind === 'remarks')
  return relation && 'record' in relation.target ? Buffer.from(relation.target.record, 'base64url') : undefined
}

/**
 * First what everybody may have as it stands is noted, so that the difference is what peers are told; the marking record
 * itself nobody has yet. Where the group of the marking before had run out, members are told of the record once more: what
 * they asked for meanwhile was closed to them.
 */
function remark(entry: AppendedEntry, now: Date): RawBuilder<unknown>[] {
  const { log, position, statement, body, readers } = entry
  const target = targetOf(statement) ?? Buffer.alloc(0)
  const { mark } = JSON.parse(body ?? '{}') as MarkingBody
  const isTarget = sql<boolean>`own_record.record_id = ${target}`
  const nowSeconds = Math.floor(now.getTime() / 1_000)
  return [
    noteAccess(isTarget, now),
    retellAccess(sql<boolean>`${isTarget} and ${groupRanOutBy(sql`${nowSeconds}`)}`, now),
    ...aboutTarget(entry),
    sql`insert into remarked (log, record_id, position, mark) values (${log}, ${target}, ${position}, ${JSON.stringify(mark)}::jsonb)
      on conflict (log, record_id) do update set position = excluded.position, mark = excluded.mark`,
    sql`update own_record set tlp = ${mark.tlp}, embargo_until = ${mark.embargoUntil ?? null},
      group_iss = ${mark.group?.iss ?? null}, group_finding = ${mark.group?.finding ?? null}::uuid,
      readers = array(select distinct unnest(coalesce(readers, array[actor]) || ${[...readers]}::text[])),
      signed_common = coalesce(signed_common, ${isForAll}),
      narrowed_by = coalesce(narrowed_by, case when coalesce(signed_common, ${isForAll}) and ${!isCommon(mark)} then ${position}::bigint end)
      where ${isTarget}`,
    ...(isCommon(mark) ? [] : [narrowWhatIsAbout(target, position)]),
    ...remarkProjection(log, target, mark),
    noteAccess(atPosition(position), now),
    refreshAccess(isTarget, now),
  ]
}

const isForAll = sql<boolean>`(tlp in ('CLEAR', 'GREEN') and embargo_until is null)`

/** Withdrawals and marking records keep their own marking, and close with what they are about: this very one too, if it is for all. */
function narrowWhatIsAbout(target: Buffer, position: number): RawBuilder<unknown> {
  return sql`update own_record set signed_common = true, narrowed_by = ${position}::bigint
    where target = (select about.position from own_record about where about.record_id = ${target})
      and narrowed_by is null and ${isForAll}`
}

/**
 * The projection shows the effective marking; a row that is not there yet gets it when it is made. A batch at hand is
 * waited for: it may hold the row as it was.
 */
export function remarkProjection(log: number, recordId: Buffer, mark: Marking): RawBuilder<unknown>[] {
  return [
    sql`insert into projection (log) values (${log}) on conflict do nothing`,
    sql`select from projection where log = ${log} for update`,
    sql`update record set tlp = ${mark.tlp}, embargo_until = ${mark.embargoUntil ?? null},
      group_iss = ${mark.group?.iss ?? null}, group_finding = ${mark.group?.finding ?? null}::uuid,
      mark = ${JSON.stringify(mark)}::jsonb, readers = coalesce(own.readers, record.readers)
      from log left join own_record own on log.is_own and own.record_id = ${recordId}
      where log.id = record.log and record.log = ${log} and record.record_id = ${recordId}`,
  ]
}

/** A whole snapshot in the place of the one before. Members whose last one had run out are told afresh what is open to them. */
function replaceGroup({ log, position, statement, body }: AppendedEntry, now: Date): RawBuilder<unknown>[] {
  const { iss, finding, version } = statement
  const { members, validUntil } = JSON.parse(body ?? '{}') as GroupBody
  const group = { iss, finding, log, position, version, validUntil, members }
  // Whoever it lists finds it in the log, and needs not be told of it.
  return [...storeGroup(group), noteAccess(atPosition(position), now), ...tellOfGroup(group, now)]
}

export interface StoredGroup {
  readonly iss: string
  readonly finding: string
  readonly log: number
  readonly position: number
  readonly version: number
  /** Seconds since the epoch; 0 for a group that is nobody. */
  readonly validUntil: number
  readonly members: GroupBody['members']
}

/**
 * Puts a snapshot in force, of ours or of a peer's group. An older version than the one in force changes nothing. To be
 * run, with `tellOfGroup` behind it, under the lock of our own log's row.
 */
export function storeGroup({
  iss,
  finding,
  log,
  position,
  version,
  validUntil,
  members,
}: StoredGroup): RawBuilder<unknown>[] {
  const isThis = sql`iss = ${iss} and finding = ${finding}::uuid`
  const isInForce = sql<boolean>`exists (select from group_snapshot
    where ${isThis} and log = ${log} and position = ${position})`
  return [
    sql`insert into group_snapshot (iss, finding, log, position, version, valid_until)
      values (${iss}, ${finding}::uuid, ${log}, ${position}, ${version}, ${validUntil})
      on conflict (iss, finding) do update set log = excluded.log, position = excluded.position, version = excluded.version,
        valid_until = excluded.valid_until, previous_until = group_snapshot.valid_until
      where excluded.version >= group_snapshot.version`,
    sql`delete from group_member where ${isThis} and ${isInForce}`,
    sql`insert into group_member (iss, finding, member, role, history_from)
      select ${iss}, ${finding}::uuid, listed.iss, listed.role, coalesce(listed."historyFrom", 0)
      from jsonb_to_recordset(${JSON.stringify(members)}::jsonb) as listed (iss text, role text, "historyFrom" bigint)
      where ${isInForce}`,
  ]
}

/**
 * Tells peers what a new snapshot changes for our own entries. Where the one before had run out, members hear of everything
 * once more: what they asked for meanwhile was closed to them.
 */
export function tellOfGroup(
  group: Pick<StoredGroup, 'iss' | 'finding' | 'log' | 'position'>,
  now: Date,
): RawBuilder<unknown>[] {
  const { iss, finding, log, position } = group
  const hadRunOut = sql<boolean>`exists (select from group_snapshot where iss = ${iss} and finding = ${finding}::uuid
    and log = ${log} and position = ${position} and previous_until <= ${Math.floor(now.getTime() / 1_000)})`
  return [retellAccess(sql<boolean>`${ofGroup(group)} and ${hadRunOut}`, now), refreshAccess(ofGroup(group), now)]
}
