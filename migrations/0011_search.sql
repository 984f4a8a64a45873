-- The search index: a lean table of its own, filled in batches behind the projection, so that a record can be read and
-- proven before its words are indexed. Part of the projection: `update projection set indexed = 0` has it filled again.
drop function matches;
drop index record_facets;
alter table record drop column words;

-- How far the search index has read the projection of each log.
alter table projection add column indexed bigint not null default 0 check (indexed >= 0);

-- Positions below `projection.indexed` whose record came later.
create table search_due (
  log        smallint not null,
  position   bigint not null,
  primary key (log, position)
);

-- Values of facets that occur together, counted as one. Never changed, so that whoever knows an id may remember it.
create table facet_set (
  id         int generated always as identity primary key,
  facets     jsonb not null,
  digest     bytea not null unique  -- SHA-256 of the text of `facets`
);
create trigger facet_set_is_never_changed before update on facet_set for each row execute function refuse_change();

create function intern_facets(facets jsonb) returns int language plpgsql as $$
declare
  wanted constant bytea := sha256(convert_to(facets::text, 'UTF8'));
  found int;
begin
  loop
    select id into found from facet_set where digest = wanted;
    exit when found is not null;
    insert into facet_set (facets, digest) values (intern_facets.facets, wanted) on conflict do nothing returning id into found;
    exit when found is not null;
  end loop;
  return found;
end $$;

-- Moments that search knows: beyond the year 9999 nothing is newer.
create function search_iat(iat bigint) returns bigint language sql immutable return least(iat, 253402300799);

create function intern_head(iss text, type text, tlp text, iat bigint) returns int language sql
return intern_facets(jsonb_build_object('iss', iss, 'type', type, 'tlp', tlp,
  'year', extract(year from to_timestamp(search_iat(iat)) at time zone 'UTC')::int::text));

-- Labels in an order in which what is open to a viewer by its label alone is what stands up to a number (see `wall_open`).
-- The last one says nothing: whether such a record is open is for the rule to say.
create function search_label(is_own boolean, type text, tlp text, embargo_until bigint) returns smallint language sql immutable
return case
  when embargo_until is not null or type = 'group' then 8
  when is_own and (type in ('marking', 'withdrawal') or tlp = 'RED') then 8
  when is_own then case tlp when 'CLEAR' then 0 when 'GREEN' then 2 when 'AMBER' then 5 when 'AMBER+STRICT' then 6 else 7 end
  when type = 'marking' then 7
  else case tlp when 'CLEAR' then 1 when 'GREEN' then 3 when 'AMBER' then 4 else 7 end
end::smallint;

-- The words of each record, apart from what is counted and sorted by: read where a phrase is looked for, and to rank.
create table search_words (
  log        smallint not null,
  position   bigint not null,
  words      tsvector not null,
  primary key (log, position)
) with (toast_tuple_target = 8160);  -- the usual record's words then stay inline

-- One row a record, narrow, so that a search that finds half of them reads few pages. What is counted and sorted by stands in
-- `cells`. A row is never given other words: it is written anew, behind its words.
create table search_entry (
  log        smallint not null,
  position   bigint not null,
  iat        bigint not null,
  label      smallint not null,
  -- Lowest and highest label of the newer versions of the finding; 9 and -1 where there is none.
  newer_lowest  smallint not null,
  newer_highest smallint not null,
  tlp        text not null,
  head       int not null,          -- facet sets: of the statement,
  system     int not null,          -- of what was looked at,
  test       int not null,          -- of how,
  risk       int not null,          -- for what,
  setting    int not null,          -- and of the circumstances
  cells      bytea not null generated always as (
    substring(int8send(iat) from 4) || int2send(log) || substring(int8send(position) from 4)
    || int4send(head) || int4send(system) || int4send(test) || int4send(risk) || int4send(setting)) stored,
  primary key (log, position)
) with (fillfactor = 90);
create index search_entry_newest on search_entry (iat desc, log, position desc);

-- An entry that was closed to us or taken back is for the rule to judge, whatever its label.
create function search_label_of(record public.record, is_own boolean) returns smallint language sql stable
return case
  when exists (select from revoked where revoked.log = record.log and revoked.position = record.position)
    or exists (select from withdrawn where withdrawn.log = record.log and withdrawn.record_id = record.record_id) then 8
  else search_label(is_own, record.type, record.tlp, record.embargo_until) end;

-- What a record's row of the index is to know of newer versions: {lowest label, highest label}.
create function search_newer(older public.record, is_own boolean) returns smallint[] language sql stable
return (select array[coalesce(min(label), 9), coalesce(max(label), -1)] from (
  select search_label_of(newer, is_own) as label from record newer
  where newer.log = older.log and newer.finding = older.finding and newer.version > older.version) as newer);

-- Brings what the index knows of newer versions to what the records of these findings say now. The index is filled under the
-- lock of the log's row of `projection`; whoever changes what it knows takes it too.
create function settle_findings(settled_log smallint, findings uuid[]) returns void language sql as $$
  update search_entry entry set newer_lowest = now.newer[1], newer_highest = now.newer[2]
  from (
    select record.position, search_newer(record, log.is_own) as newer
    from record join log on log.id = record.log
    where record.finding = any (findings) and record.log = settled_log
  ) now
  where entry.log = settled_log and entry.position = now.position
    and (entry.newer_lowest, entry.newer_highest) is distinct from (now.newer[1], now.newer[2])
$$;

-- The same for label, marking and head of these entries, and for their findings.
create function settle_entries(settled_log smallint, positions bigint[]) returns void language sql as $$
  update search_entry entry set label = now.label, tlp = now.tlp,
    head = case when entry.tlp = now.tlp then entry.head else intern_head(now.iss, now.type, now.tlp, now.iat) end
  from (
    select record.position, search_label_of(record, log.is_own) as label, record.iss, type, tlp, iat
    from record join log on log.id = record.log
    where record.log = settled_log and record.position = any (positions)
  ) now
  where entry.log = settled_log and entry.position = now.position
    and (entry.label, entry.tlp) is distinct from (now.label, now.tlp);
  select settle_findings(settled_log, array(
    select distinct finding from record where log = settled_log and position = any (positions)));
$$;

create function record_is_added() returns trigger language plpgsql as $$
begin
  insert into search_due (log, position)
    select added.log, added.position from added join projection on projection.log = added.log
    where added.position < projection.indexed
    on conflict do nothing;
  perform settle_findings(log, array_agg(distinct finding)) from added where version > 1 group by log;
  return null;
end $$;
create trigger search_follows_records after insert on record
  referencing new table as added for each statement execute function record_is_added();

create function record_is_remarked() returns trigger language plpgsql as $$
begin
  perform settle_entries(log, array_agg(position)) from changed group by log;
  return null;
end $$;
create trigger search_follows_markings after update on record
  referencing new table as changed for each statement execute function record_is_remarked();

create function record_is_gone() returns trigger language plpgsql as $$
begin
  perform from projection where log in (select log from gone) order by log for update;
  delete from search_entry entry using gone where entry.log = gone.log and entry.position = gone.position;
  delete from search_words words using gone where words.log = gone.log and words.position = gone.position;
  delete from search_due due using gone where due.log = gone.log and due.position = gone.position;
  perform settle_findings(log, array_agg(distinct finding)) from gone group by log;
  return null;
end $$;
create trigger search_forgets_records after delete on record
  referencing old table as gone for each statement execute function record_is_gone();

-- Closed to us, open again, taken back, or not after all.
create function entry_is_touched() returns trigger language plpgsql as $$
begin
  perform from projection where log in (select log from touched) order by log for update;
  if tg_table_name = 'revoked' then
    perform settle_entries(log, array_agg(position)) from touched group by log;
  else
    perform settle_entries(record.log, array_agg(record.position))
      from touched join record using (log, record_id) group by record.log;
  end if;
  return null;
end $$;
create trigger search_follows_revocations after insert on revoked
  referencing new table as touched for each statement execute function entry_is_touched();
create trigger search_follows_openings after delete on revoked
  referencing old table as touched for each statement execute function entry_is_touched();
create trigger search_follows_withdrawals after insert on withdrawn
  referencing new table as touched for each statement execute function entry_is_touched();
create trigger search_forgets_withdrawals after delete on withdrawn
  referencing old table as touched for each statement execute function entry_is_touched();

-- The second wall. PostgreSQL uses no index for words behind a policy, since the operator that matches them is not known to
-- keep to itself what it compares. So the reader has no right to the tables: it reads views, with the wall in them.
alter table search_entry enable row level security;
alter table search_words enable row level security;
alter table search_due enable row level security;
alter table facet_set enable row level security;

-- Up to this label records are open to the viewer, and nothing else needs to be asked. Null where no viewer is set.
create function wall_open() returns smallint language sql stable
return case wall_asker() ->> 'kind'
  when 'public' then 1
  when 'peer' then case when wall_asker() ->> 'ceiling' = 'CLEAR' then 1
    when wall_asker() ->> 'ceiling' = any (wall_labels()) then 2 end
  when 'person' then case when (wall_asker() ->> 'staff')::boolean then 7 else 5 end
end::smallint;

-- From this label on the rule has to be asked of each record.
create function wall_ask() returns smallint language sql stable
return case wall_asker() ->> 'kind'
  when 'peer' then case when wall_asker() ->> 'ceiling' in ('CLEAR', 'GREEN') then 8
    when wall_asker() ->> 'ceiling' = any (wall_labels()) then 5 end
  when 'public' then 8
  when 'person' then 8
end::smallint;

-- The words of a record, for the index: it stands on the narrow table and reads the wide one. It is immutable as far as the
-- index can tell, since a row of the narrow table is never given other words. To a viewer it says nothing of what is closed.
create function words_of(log smallint, "position" bigint) returns tsvector
language plpgsql immutable strict security definer cost 100000 as $$
declare
  found tsvector;
begin
  select words.words into found from public.search_words words
  where words.log = words_of.log and words.position = words_of.position;
  if public.wall_asker() is null
    or exists (select from public.search_open open where open.log = words_of.log and open.position = words_of.position) then
    return found;
  end if;
  return null;
end $$;
create index search_entry_words on search_entry using gin (words_of(log, position))
  with (fastupdate = on, gin_pending_list_limit = 16384);

-- Whether a record is open to the viewer, by what stands in `record`.
create function wall_opens_row(record public.record) returns boolean language sql stable
return wall_opens_record(record, (select id from log where is_own),
    (select wall_plain(false)), (select wall_shut(false)), (select wall_viewer()),
    (select wall_plain(true)), (select wall_shut(true)), (select wall_asker()))
  and not exists (select from revoked where revoked.log = record.log and revoked.position = record.position);

-- For the few records whose label does not say it. The plan of a function is kept, so the usual search, which asks neither of
-- them, does not wait until they are planned.
create function wall_opens_whole(log smallint, "position" bigint) returns boolean
language plpgsql stable security definer cost 10000 as $$
begin
  return exists (select from public.record
    where record.log = wall_opens_whole.log and record.position = wall_opens_whole.position and public.wall_opens_row(record)
      and not exists (select from public.withdrawn join public.log on log.id = withdrawn.log
        where withdrawn.log = record.log and withdrawn.record_id = record.record_id and withdrawn.position < log.size));
end $$;

create function wall_opens_newer(log smallint, "position" bigint) returns boolean
language plpgsql stable security definer cost 10000 as $$
begin
  return exists (select from public.record
    join public.record newer
      on newer.finding = record.finding and newer.log = record.log and newer.version > record.version
    where record.log = wall_opens_newer.log and record.position = wall_opens_newer.position and public.wall_opens_row(newer));
end $$;

-- What is open and was not taken back. `is_superseded`: a newer version is open too.
create view search_open as
  select entry.log, entry.position, entry.iat, entry.label, entry.tlp, entry.cells,
    words_of(entry.log, entry.position) as words,
    coalesce(entry.newer_lowest <= (select wall_open()), false)
      or (entry.newer_highest >= (select wall_ask()) and wall_opens_newer(entry.log, entry.position)) as is_superseded
  from search_entry entry
  where entry.label <= (select wall_open())
    or (entry.label >= (select wall_ask()) and wall_opens_whole(entry.log, entry.position));

-- What is open, with its words: for what the index cannot tell.
create view search_text as
  select open.log, open.position, words.words from search_open open
  join search_words words on words.log = open.log and words.position = open.position;

revoke all on function words_of, wall_opens_whole, wall_opens_newer from public;
grant execute on function words_of, wall_opens_whole, wall_opens_newer to concordance_reader;
grant select on search_open, search_text to concordance_reader;
