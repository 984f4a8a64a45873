-- Live searches: how many questions an asker has left, and answers that came after the budget of theirs. Unlogged: a crash
-- may forget both. No question stands here, only who asked and when.

create unlogged table live_question (
  kind  text not null check (kind in ('peer', 'person')),
  asker text not null, -- entity id, or subject
  hour  int not null check (hour >= 0), -- since the epoch
  count int not null check (count > 0),
  primary key (kind, asker, hour)
);

-- A federated search that did not wait for everybody. Whoever asked, and nobody else, may ask again what came.
create unlogged table late_search (
  query_id   uuid primary key,
  subject    text not null,
  asked_at   timestamptz not null,
  institutes jsonb not null, -- one status for each, as it was given at the end of the budget
  waits_until timestamptz not null
);
create index late_search_asked_at on late_search (asked_at);

-- What one institute answered late, verified, and not yet narrowed to what the person may see.
create unlogged table late_answer (
  query_id  uuid not null references late_search on delete cascade,
  iss       text not null,
  institute jsonb not null,
  hits      jsonb not null,
  primary key (query_id, iss)
);

-- The second wall knows whom a peer asks for: for its researchers it is shown what they may read there.
create or replace function wall_judges(
  viewer jsonb, type text, tlp text, embargo_until bigint, group_iss text, group_finding uuid, iat bigint, target bigint,
  readers text[]
) returns boolean language plpgsql stable as $$
declare
  is_released constant boolean := embargo_until is null or embargo_until <= (viewer ->> 'now')::bigint;
  is_for_researchers constant boolean := tlp in ('CLEAR', 'GREEN', 'AMBER') and type <> 'group' and is_released;
  history_from bigint;
begin
  if viewer ->> 'for' = 'researcher' and not is_for_researchers then
    return false;
  elsif type = 'withdrawal' and viewer ->> 'kind' = 'peer' and wall_was_sent(viewer ->> 'iss', target) then
    return true;
  elsif type in ('marking', 'withdrawal') and wall_opens_target(viewer, target) is not true then
    return false;
  elsif viewer ->> 'kind' = 'public' then
    return tlp = 'CLEAR' and is_released;
  elsif viewer ->> 'kind' = 'person' and (viewer ->> 'staff')::boolean then
    return tlp <> 'RED' or coalesce(viewer ->> 'subject' = any (readers), false);
  elsif viewer ->> 'kind' = 'person' then
    return is_for_researchers;
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

create or replace function wall_judges_copy(viewer jsonb, type text, tlp text, embargo_until bigint) returns boolean
language plpgsql stable as $$
declare
  is_released constant boolean := embargo_until is null or embargo_until <= (viewer ->> 'now')::bigint;
begin
  if viewer ->> 'kind' = 'person' then
    return (viewer ->> 'staff')::boolean or (tlp in ('CLEAR', 'GREEN', 'AMBER') and type not in ('marking', 'group') and is_released);
  end if;
  return viewer ->> 'kind' in ('public', 'peer') and tlp = 'CLEAR' and type <> 'marking' and is_released
    and (type <> 'group' or viewer ->> 'for' is distinct from 'researcher');
end $$;
