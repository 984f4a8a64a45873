-- What the second wall has to know of the viewer stands in every statement behind it as `(select …)`, up to seven times for
-- each table. As functions in SQL these were put into the statement, each within the others, and planned with it every time:
-- that took longer than all the rest. In plpgsql they stay calls, and a connection plans them once. They say what they said.
create or replace function wall_asker() returns jsonb language plpgsql stable as $$
begin
  return nullif(current_setting('concordance.viewer', true), '')::jsonb;
end $$;

create or replace function wall_plain(copied boolean) returns text[] language plpgsql stable as $$
declare
  asker constant jsonb := public.wall_asker();
  labels constant text[] := public.wall_labels();
  highest constant int := array_position(labels, public.wall_reach(asker, copied));
begin
  return case when highest is not null then labels[1 : least(highest, case asker ->> 'kind' when 'peer' then 2 else 4 end)] end;
end $$;

create or replace function wall_shut(copied boolean) returns text[] language plpgsql stable as $$
declare
  labels constant text[] := public.wall_labels();
begin
  return labels[array_position(labels, public.wall_reach(public.wall_asker(), copied)) + 1 :];
end $$;

create or replace function wall_viewer() returns jsonb language plpgsql stable as $$
declare
  asker constant jsonb := public.wall_asker();
begin
  return case asker ->> 'kind'
    when 'peer' then asker || jsonb_build_object('groups', public.wall_groups(asker ->> 'iss', (asker ->> 'now')::bigint))
    else asker
  end;
end $$;

create or replace function wall_open() returns smallint language plpgsql stable as $$
declare
  asker constant jsonb := public.wall_asker();
begin
  return case asker ->> 'kind'
    when 'public' then 1
    when 'peer' then case when asker ->> 'ceiling' = 'CLEAR' then 1 when asker ->> 'ceiling' = any (public.wall_labels()) then 2 end
    when 'person' then case when (asker ->> 'staff')::boolean then 7 else 5 end
  end;
end $$;

create or replace function wall_ask() returns smallint language plpgsql stable as $$
declare
  asker constant jsonb := public.wall_asker();
begin
  return case asker ->> 'kind'
    when 'peer' then case when asker ->> 'ceiling' in ('CLEAR', 'GREEN') then 8 when asker ->> 'ceiling' = any (public.wall_labels()) then 5 end
    when 'public' then 8
    when 'person' then 8
  end;
end $$;
