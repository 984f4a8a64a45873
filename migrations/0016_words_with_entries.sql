-- The words of a record stand in its row of the index, out of line where they are long: the row stays narrow, whoever writes
-- it looks nothing up, and a phrase is held against the words without another table. The index is filled again.
drop view search_text;
drop view search_open;
drop index search_entry_words;
drop function words_of;
drop table search_words;
truncate search_entry, search_due;
update projection set indexed = 0;

alter table search_entry add column words tsvector not null;
alter table search_entry set (toast_tuple_target = 128);
alter table search_entry alter column words set storage external;
alter table search_entry alter column cells set storage plain;
alter table search_entry alter column tlp set storage plain;
-- What was written since the index was last put in order is gone through by every search, so it is kept short.
create index search_entry_words on search_entry using gin (words) with (fastupdate = on, gin_pending_list_limit = 4096);

create or replace function record_is_gone() returns trigger language plpgsql as $$
begin
  perform from projection where log in (select log from gone) order by log for update;
  delete from search_entry entry using gone where entry.log = gone.log and entry.position = gone.position;
  delete from search_due due using gone where due.log = gone.log and due.position = gone.position;
  perform settle_findings(log, array_agg(distinct finding)) from gone group by log;
  return null;
end $$;

-- What is open and was not taken back. `is_superseded`: a newer version is open too.
create view search_open as
  select entry.log, entry.position, entry.iat, entry.label, entry.tlp, entry.cells, entry.words,
    coalesce(entry.newer_lowest <= (select wall_open()), false)
      or (entry.newer_highest >= (select wall_ask()) and wall_opens_newer(entry.log, entry.position)) as is_superseded
  from search_entry entry
  where entry.label <= (select wall_open())
    or (entry.label >= (select wall_ask()) and wall_opens_whole(entry.log, entry.position));
grant select on search_open to concordance_reader;
