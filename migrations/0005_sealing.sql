-- Sealing by interval: the log grows for everybody else at fixed times alone, and by the same number of leaves each time.

-- Our own log. Null: every batch at once. Otherwise {every, leaves, tick, size}: at tick number n (n * every seconds since
-- the epoch) the log has size + (n - tick) * leaves leaves. Records are acknowledged into the next `leaves` positions from
-- `log.size` on, which is where the rows at or above `size` come from; what is left of these positions when their tick comes
-- is filled with cover leaves.
alter table log
  add column sealing jsonb check (sealing is null or is_own);

-- The 32 random bytes of a cover leaf of our own. To everybody else it looks like a closed record.
alter table entry
  add column cover bytea check (length(cover) = 32),
  add check (cover is null or record_id is null);

create or replace function entry_only_opens() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if new.log = old.log and new.position = old.position and new.leaf_hash = old.leaf_hash
       and (old.record_id is null or new.record_id = old.record_id)
       and (old.statement is null or new.statement = old.statement)
       and (old.body is null or new.body is null or new.body = old.body)
       and new.cover is not distinct from old.cover then
      return new;
    end if;
  elsif tg_op = 'DELETE' and exists (select from log where id = old.log and not is_own and old.position >= log.size) then
    return old; -- staged entries of a mirror may be discarded
  end if;
  raise exception 'entry is append-only' using errcode = 'integrity_constraint_violation';
end $$;
