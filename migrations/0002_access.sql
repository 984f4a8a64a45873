-- Access: who may open which entry, and how that changed.

-- Columns the rule looks at, alike on our own records and on the projection of everybody's. `tlp`, `embargo_until` and the
-- group are those of the effective marking: the newest marking record for the entry, else its own statement.
alter table own_record
  add column group_iss text,
  add column group_finding uuid,
  add column target bigint,        -- position of the entry that a withdrawal or a marking record is about
  add column readers text[],       -- RED: subjects who worked on it; group: institutes that this very snapshot lists
  add column signed_common boolean, -- once re-marked: whether its own statement is for every active peer
  add column narrowed_by bigint;   -- first marking record that narrowed what every active peer was given before
alter table record
  add column group_iss text,
  add column group_finding uuid,
  add column target bigint,
  add column readers text[];
create index own_record_by_group on own_record (group_iss, group_finding) where group_iss is not null;
create index own_record_under_embargo on own_record (embargo_until) where embargo_until is not null;
create index own_record_about on own_record (target) where target is not null;

drop trigger own_record_is_append_only on own_record;
create function own_record_only_remarks() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if (new.position, new.record_id, new.type, new.finding, new.version, new.iat, new.actor, new.at)
       is not distinct from
       (old.position, old.record_id, old.type, old.finding, old.version, old.iat, old.actor, old.at)
       and (old.target is null or new.target = old.target) and (old.readers is null or new.readers @> old.readers)
       and (old.narrowed_by is null or new.narrowed_by = old.narrowed_by) then
      return new;
    end if;
  end if;
  raise exception 'own_record changes in its marking alone' using errcode = 'integrity_constraint_violation';
end $$;
create trigger own_record_is_append_only before update or delete on own_record
  for each row execute function own_record_only_remarks();
create trigger own_record_is_never_truncated before truncate on own_record execute function refuse_change();

-- Newest marking record for an entry, in its own log. Kept also where the entry itself is closed to us.
create table remarked (
  log        smallint not null references log (id),
  record_id  bytea not null,        -- of the entry
  position   bigint not null,       -- of the marking record
  mark       jsonb not null,
  primary key (log, record_id)
);

-- The newest snapshot of each group known here. One that cannot be interpreted has no members and no end: nobody.
create table group_snapshot (
  iss        text not null,
  finding    uuid not null,
  log        smallint not null references log (id),
  position   bigint not null,
  version    bigint not null,
  valid_until bigint not null,      -- seconds since the epoch
  previous_until bigint,            -- end of the snapshot before this one
  primary key (iss, finding)
);
create table group_member (
  iss        text not null,
  finding    uuid not null,
  member     text not null,
  role       text not null,
  history_from bigint not null default 0,
  primary key (iss, finding, member)
);

alter table peer add column ceiling text not null default 'AMBER+STRICT'
  check (ceiling in ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT'));

-- Own entries whose rights can change (a group, an embargo, a new marking), and the peers that now have them.
create table granted (
  peer       text not null,
  position   bigint not null,
  primary key (peer, position)
);

-- The access feed of each peer: gapless from 0, never changed.
create table access_item (
  peer       text not null,
  seq        bigint not null check (seq >= 0),
  kind       text not null check (kind in ('granted', 'revoked', 'reset')),
  position   bigint check ((position is null) = (kind = 'reset')),
  at         timestamptz not null,
  primary key (peer, seq)
);
create trigger access_item_is_append_only before update or delete or truncate on access_item execute function refuse_change();

-- Mirrors: how far a peer's access feed was applied, and from where its log is to be read again (null: nothing to do).
alter table log
  add column access_at bigint not null default 0,
  add column reread_from bigint;

-- Mirrored entries that were open to us and are not any more. `seq`: the feed item that closed it; a page authorised at a
-- later place of the feed may open it again.
create table revoked (
  log        smallint not null references log (id),
  position   bigint not null,
  seq        bigint not null,
  primary key (log, position)
);
