-- Receiving: what the control records and coverage statements of a peer still have to bring about here.

-- Control records of mirrored logs whose effect waits until the root above them has been compared.
create table control_pending (
  log        smallint not null references log (id),
  position   bigint not null,
  target     bytea,      -- of a marking record that is itself above what this node accepts, and so not kept:
  mark       jsonb,      -- which record it is about, and its marking
  primary key (log, position),
  check ((target is null) = (mark is null))
);

-- Entries that a peer named as narrowed by the marking record at `by_position`, with the first coverage statement that did.
create table narrowed (
  log        smallint not null references log (id),
  position   bigint not null,
  by_position bigint not null,
  jws        text not null,
  checked    boolean not null default false, -- the marking record is open to us and says so
  primary key (log, position, by_position)
);
