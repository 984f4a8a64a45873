-- A live answer shows nothing above the ceiling of its question, not even the withdrawal of what the asker was sent: that comes
-- with the log. The second wall holds to it as the rule does.
create or replace function wall_judges(
  viewer jsonb, type text, tlp text, embargo_until bigint, group_iss text, group_finding uuid, iat bigint, target bigint,
  readers text[]
) returns boolean language plpgsql stable as $$
declare
  is_released constant boolean := embargo_until is null or embargo_until <= (viewer ->> 'now')::bigint;
  is_for_researchers constant boolean := tlp in ('CLEAR', 'GREEN', 'AMBER') and type <> 'group' and is_released;
  reaches constant boolean := viewer ->> 'isLive' is null
    or coalesce(array_position(wall_labels(), tlp) <= array_position(wall_labels(), viewer ->> 'ceiling'), false);
  history_from bigint;
begin
  if viewer ->> 'for' = 'researcher' and not is_for_researchers then
    return false;
  elsif type = 'withdrawal' and viewer ->> 'kind' = 'peer' and reaches and wall_was_sent(viewer ->> 'iss', target) then
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
