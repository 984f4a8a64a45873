-- The second wall. Whatever is read for a viewer is read as the role `concordance_reader`, which sees the rows that the
-- viewer of the session may open, and none without one. It repeats the rule of packages/exchange/src/access/may-open.ts in
-- words of its own, so that a query that forgets the rule shows nothing that is closed. The owner of the tables is not held up.

-- Roles belong to the server, and several databases of one server may be migrated at the same moment.
do $$
declare
  may_become constant text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
  if not exists (select from pg_roles where rolname = 'concordance_reader') then
    begin
      create role concordance_reader nologin;
    exception when unique_violation or duplicate_object then null; -- made meanwhile, for another database
    end;
  end if;
  if not pg_has_role(current_user, 'concordance_reader', may_become) then
    begin
      execute format('grant concordance_reader to %I', current_user);
    exception when unique_violation then null;
    end;
  end if;
exception when insufficient_privilege then
  raise exception 'the role concordance_reader is missing, or % may not become it', current_user
    using errcode = 'insufficient_privilege', hint = format(
      'An administrator of the server runs, once: create role concordance_reader nologin; grant concordance_reader to %I;', current_user);
end $$;

-- Who asks, as JSON: {kind, now} and what the kind needs (iss, ceiling, subject, staff). Null where nobody is set.
create function wall_asker() returns jsonb language sql stable
return nullif(current_setting('concordance.viewer', true), '')::jsonb;

-- Highest label that may be open to the viewer at all. What was copied from a peer is passed on to nobody but our people.
create function wall_reach(asker jsonb, copied boolean) returns text language sql immutable
return case asker ->> 'kind'
  when 'public' then 'CLEAR'
  when 'peer' then case when copied then 'CLEAR' else asker ->> 'ceiling' end
  when 'person' then case when (asker ->> 'staff')::boolean then 'RED' else 'AMBER' end
end;

create function wall_labels() returns text[] language sql immutable
return array['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'];

-- Labels that are open as they stand. To a peer AMBER opens by its group alone.
create function wall_plain(copied boolean) returns text[] language sql stable
return case when wall_reach(wall_asker(), copied) = any (wall_labels()) then
  (wall_labels())[1 : least(array_position(wall_labels(), wall_reach(wall_asker(), copied)),
    case wall_asker() ->> 'kind' when 'peer' then 2 else 4 end)]
end;

-- Labels that nothing opens to the viewer.
create function wall_shut(copied boolean) returns text[] language sql stable
return (wall_labels())[array_position(wall_labels(), wall_reach(wall_asker(), copied)) + 1 :];

-- Groups in force of which a peer is a member, with the beginning of the history it is given.
create function wall_groups(peer text, now bigint) returns jsonb language sql stable security definer
return (select coalesce(jsonb_object_agg(member.iss || ' ' || member.finding, member.history_from), '{}')
  from group_member member join group_snapshot snapshot using (iss, finding)
  where member.member = peer and snapshot.valid_until > now);

-- The asker, a peer with its groups.
create function wall_viewer() returns jsonb language sql stable
return case wall_asker() ->> 'kind'
  when 'peer' then wall_asker() || jsonb_build_object('groups',
    wall_groups(wall_asker() ->> 'iss', (wall_asker() ->> 'now')::bigint))
  else wall_asker()
end;

create function wall_was_sent(peer text, target bigint) returns boolean language sql stable security definer
return exists (select from delivery where delivery.peer = wall_was_sent.peer
  and from_position <= target and target < to_position and target - from_position = any (opened));

-- An entry of our own whose label alone does not say it.
create function wall_judges(
  viewer jsonb, type text, tlp text, embargo_until bigint, group_iss text, group_finding uuid, iat bigint, target bigint,
  readers text[]
) returns boolean language plpgsql stable as $$
declare
  is_released constant boolean := embargo_until is null or embargo_until <= (viewer ->> 'now')::bigint;
  history_from bigint;
begin
  if type = 'withdrawal' and viewer ->> 'kind' = 'peer' and wall_was_sent(viewer ->> 'iss', target) then
    return true;
  elsif type in ('marking', 'withdrawal') and wall_opens_target(viewer, target) is not true then
    return false;
  elsif viewer ->> 'kind' = 'public' then
    return tlp = 'CLEAR' and is_released;
  elsif viewer ->> 'kind' = 'person' and (viewer ->> 'staff')::boolean then
    return tlp <> 'RED' or coalesce(viewer ->> 'subject' = any (readers), false);
  elsif viewer ->> 'kind' = 'person' then
    return tlp in ('CLEAR', 'GREEN', 'AMBER') and type <> 'group' and is_released;
  elsif viewer ->> 'kind' = 'peer' then
    if tlp = 'RED' or coalesce(array_position(wall_labels(), tlp) <= array_position(wall_labels(), viewer ->> 'ceiling'), false) is false then
      return false;
    elsif tlp in ('CLEAR', 'GREEN') and is_released then
      return true;
    end if;
    history_from := viewer -> 'groups' ->> (group_iss || ' ' || group_finding);
    return history_from is not null
      and case when type = 'group' then coalesce(viewer ->> 'iss' = any (readers), false) else iat >= history_from end;
  end if;
  return false;
end $$;

-- Whether what a marking record is about is open.
create function wall_opens_target(viewer jsonb, target bigint) returns boolean language sql stable security definer
return (select wall_judges(viewer, type, tlp, embargo_until, group_iss, group_finding, iat, own_record.target, readers)
  from own_record where position = wall_opens_target.target);

-- The planner puts the next two into a query as they are: a usual record is let through, or held back, without a call.
create function wall_opens_own(own own_record, plain text[], shut text[], viewer jsonb) returns boolean language sql stable
return (own.tlp = any (plain) and own.embargo_until is null and own.type not in ('marking', 'withdrawal', 'group'))
  or ((own.tlp <> all (shut) or own.type = 'withdrawal')
    and wall_judges(viewer, own.type, own.tlp, own.embargo_until, own.group_iss, own.group_finding, own.iat, own.target, own.readers));

create function wall_judges_copy(viewer jsonb, type text, tlp text, embargo_until bigint) returns boolean
language plpgsql stable as $$
declare
  is_released constant boolean := embargo_until is null or embargo_until <= (viewer ->> 'now')::bigint;
begin
  if viewer ->> 'kind' = 'person' then
    return (viewer ->> 'staff')::boolean or (tlp in ('CLEAR', 'GREEN', 'AMBER') and type not in ('marking', 'group') and is_released);
  end if;
  return viewer ->> 'kind' in ('public', 'peer') and tlp = 'CLEAR' and type <> 'marking' and is_released;
end $$;

create function wall_opens_record(
  record public.record, own_log smallint, plain text[], shut text[], viewer jsonb,
  plain_copy text[], shut_copy text[], asker jsonb
) returns boolean language sql stable
return case when record.log = own_log then
    (record.tlp = any (plain) and record.embargo_until is null and record.type not in ('marking', 'withdrawal', 'group'))
    or ((record.tlp <> all (shut) or record.type = 'withdrawal')
      and wall_judges(viewer, record.type, record.tlp, record.embargo_until, record.group_iss, record.group_finding, record.iat,
        record.target, record.readers))
  else
    (record.tlp = any (plain_copy) and record.embargo_until is null and record.type not in ('marking', 'group'))
    or (record.tlp <> all (shut_copy) and wall_judges_copy(asker, record.type, record.tlp, record.embargo_until))
  end;

alter table log enable row level security;
alter table own_record enable row level security;
alter table record enable row level security;
alter table entry enable row level security; -- no policy: what stands in an entry is read through the views below
alter table withdrawn enable row level security;
alter table revoked enable row level security;
alter table group_snapshot enable row level security;
alter table group_member enable row level security;
alter table delivery enable row level security;
alter table access_item enable row level security;

-- `(select …)` is asked once for a query, and not at all where no row comes to it.
create policy viewer_reads on log for select to concordance_reader using ((select wall_asker()) is not null);
create policy viewer_reads on revoked for select to concordance_reader using ((select wall_asker()) is not null);
create policy viewer_reads on own_record for select to concordance_reader using (
  wall_opens_own(own_record, (select wall_plain(false)), (select wall_shut(false)), (select wall_viewer())));
create policy viewer_reads on record for select to concordance_reader using (
  wall_opens_record(record, (select id from log where is_own),
    (select wall_plain(false)), (select wall_shut(false)), (select wall_viewer()),
    (select wall_plain(true)), (select wall_shut(true)), (select wall_asker()))
  and not exists (select from revoked where revoked.log = record.log and revoked.position = record.position));
create policy viewer_reads on withdrawn for select to concordance_reader using (
  exists (select from record where record.log = withdrawn.log and record.record_id = withdrawn.record_id));
-- A peer reads of groups, deliveries and feeds what concerns itself.
create policy viewer_reads on group_member for select to concordance_reader using (
  member = (select wall_asker() ->> 'iss'));
create policy viewer_reads on group_snapshot for select to concordance_reader using (
  exists (select from group_member where group_member.iss = group_snapshot.iss and group_member.finding = group_snapshot.finding));
create policy viewer_reads on delivery for select to concordance_reader using (peer = (select wall_asker() ->> 'iss'));
create policy viewer_reads on access_item for select to concordance_reader using (peer = (select wall_asker() ->> 'iss'));

-- Every entry of our own log: its leaf, and what stands behind it where it is open; of what was taken back, the statement.
create view own_line with (security_barrier) as
  select entry.position, entry.leaf_hash, own_record.type, own_record.tlp, own_record.embargo_until, own_record.group_iss,
    own_record.group_finding, own_record.iat, own_record.target, own_record.readers, own_record.signed_common,
    case when own_record.position is not null then entry.statement end as statement,
    case when own_record.position is not null and withdrawn.record_id is null then entry.body end as body,
    withdrawn.record_id is not null as is_taken_back
  from log
  join entry on entry.log = log.id and entry.position < log.size
  left join own_record on own_record.position = entry.position
    and wall_opens_own(own_record, (select wall_plain(false)), (select wall_shut(false)), (select wall_viewer()))
  left join withdrawn on withdrawn.log = log.id and withdrawn.record_id = own_record.record_id
  where log.is_own and (select wall_asker()) is not null;

-- Common entries that were narrowed since, which every peer that is given GREEN is told of.
create view narrowed_line with (security_barrier) as
  select position, narrowed_by, signed_common from own_record
  where narrowed_by is not null
    and (select wall_asker() ->> 'kind' = 'peer' and wall_asker() ->> 'ceiling' <> 'CLEAR');
create index own_record_narrowed on own_record (position) where narrowed_by is not null;

-- Statement and body of what is open, of every log; of what was taken back, the statement.
create view opening with (security_barrier) as
  select record.log, record.position, entry.statement,
    case when not exists (select from withdrawn join log on log.id = withdrawn.log
      where withdrawn.log = record.log and withdrawn.record_id = record.record_id and withdrawn.position < log.size)
    then entry.body end as body
  from record
  join entry on entry.log = record.log and entry.position = record.position
  where wall_opens_record(record, (select id from log where is_own),
      (select wall_plain(false)), (select wall_shut(false)), (select wall_viewer()),
      (select wall_plain(true)), (select wall_shut(true)), (select wall_asker()))
    and not exists (select from revoked where revoked.log = record.log and revoked.position = record.position);

-- Open records with these words. Behind a policy PostgreSQL uses no index for an operator that might tell what it compares,
-- and the one that matches words is such an operator; here the index finds, and the rule is asked of what it found.
create function matches(words tsquery) returns table (log smallint, "position" bigint)
language sql stable security definer
begin atomic
  select record.log, record.position from record
  where record.words @@ matches.words
    and wall_opens_record(record, (select log.id from log where log.is_own),
      (select wall_plain(false)), (select wall_shut(false)), (select wall_viewer()),
      (select wall_plain(true)), (select wall_shut(true)), (select wall_asker()))
    and not exists (select from revoked where revoked.log = record.log and revoked.position = record.position);
end;

revoke all on function wall_groups, wall_was_sent, wall_opens_target, matches from public;
grant execute on function wall_groups, wall_was_sent, wall_opens_target, matches to concordance_reader;
grant select (id, origin, iss, is_own, size) on log to concordance_reader;
grant select (iss, finding, valid_until) on group_snapshot to concordance_reader;
grant select on record, own_record, withdrawn, revoked, group_member, delivery, access_item,
  own_line, narrowed_line, opening to concordance_reader;
