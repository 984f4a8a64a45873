-- What the sealed subjects of our own records are, until a version opens them. It is in no record, and leaves the node by that
-- version alone.
create table subject_secret (
  commitment text primary key,
  subject    jsonb not null,        -- {developer?, name, version}
  salt       text not null
);
create trigger subject_secret_is_append_only before update or delete or truncate on subject_secret
  execute function refuse_change();
