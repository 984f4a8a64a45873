-- What filling the index asks of each record costs a third where its plan is kept.
create or replace function search_label_of(record public.record, is_own boolean) returns smallint language plpgsql stable as $$
begin
  return case
    when exists (select from public.revoked where revoked.log = record.log and revoked.position = record.position)
      or exists (select from public.withdrawn where withdrawn.log = record.log and withdrawn.record_id = record.record_id) then 8
    else public.search_label(is_own, record.type, record.tlp, record.embargo_until) end;
end $$;

create or replace function search_newer(older public.record, is_own boolean) returns smallint[] language plpgsql stable as $$
begin
  return (select array[coalesce(min(label), 9), coalesce(max(label), -1)] from (
    select public.search_label_of(newer, is_own) as label from public.record newer
    where newer.log = older.log and newer.finding = older.finding and newer.version > older.version) as newer);
end $$;

-- How much may be new in the index is for whoever writes to say: much while a long log is gone through, else what the server
-- is set to, 4 MB where nobody has changed that.
alter index search_entry_words reset (gin_pending_list_limit);
