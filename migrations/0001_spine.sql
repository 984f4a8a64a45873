-- The spine: logs, entries, checkpoints, peers, and what people work with.
-- Exact bytes are the truth (bytea); every parsed column is an index that can be built again.

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

-- One row per institute whose log is kept here: our own (is_own) and one mirror per peer.
create table log (
  id            smallint generated always as identity primary key,
  origin        text not null unique,
  iss           text not null unique,
  is_own        boolean not null default false,
  -- Entries below `size` are verified (mirror) or acknowledged (own). Rows at or above it are staged: nobody is shown them.
  size          bigint not null default 0 check (size >= 0),
  frontier      bytea not null default '',
  -- Mirror only: how far entries are staged, and the frontier up to there. Equal to `size` on our own log.
  staged_size     bigint not null default 0,
  staged_frontier bytea not null default '',
  -- Our own log: sequence number of the newest keyset document in it. Here because every append reads this row anyway.
  newest_keyset   bigint not null default 0,
  -- Our own log: `unconfirmed` refuses publishing until a peer or the operator confirms it. Mirror: see PeerLogState.
  state         text not null default 'following'
                check (state in ('following', 'held', 'unverifiable', 'frozen', 'unconfirmed')),
  state_reason  text,
  check (staged_size >= size)
);
create unique index log_has_one_own on log (is_own) where is_own;
create trigger log_is_never_deleted before delete or truncate on log execute function refuse_change();

-- How far the search projection has read each log. Apart from `log`, whose row every append locks.
create table projection (
  log        smallint primary key references log (id),
  position   bigint not null default 0 check (position >= 0)
);

-- One leaf of a log. `statement` and `body` are the exact signed bytes; null where closed to us.
-- No foreign key to `log`: it would be checked for every row, and logs are never deleted.
create table entry (
  log        smallint not null,
  position   bigint not null check (position >= 0),
  leaf_hash  bytea not null check (length(leaf_hash) = 32),
  record_id  bytea check (length(record_id) = 32),
  statement  bytea,
  body       bytea,
  primary key (log, position),
  check (record_id is not null or (statement is null and body is null))
) with (toast_tuple_target = 8160); -- the usual record then stays inline and uncompressed, which is fastest to write and read
create unique index entry_by_record on entry (record_id) where record_id is not null;

create function entry_only_opens() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if new.log = old.log and new.position = old.position and new.leaf_hash = old.leaf_hash
       and (old.record_id is null or new.record_id = old.record_id)
       and (old.statement is null or new.statement = old.statement)
       and (old.body is null or new.body is null or new.body = old.body) then
      return new;
    end if;
  elsif tg_op = 'DELETE' and exists (select from log where id = old.log and not is_own and old.position >= log.size) then
    return old; -- staged entries of a mirror may be discarded
  end if;
  raise exception 'entry is append-only' using errcode = 'integrity_constraint_violation';
end $$;
create trigger entry_is_append_only before update or delete on entry for each row execute function entry_only_opens();
create trigger entry_is_never_truncated before truncate on entry execute function refuse_change();

-- What the rules need to know of our own entries at once: written with the entry, while the projection follows later.
-- With `actor` and `at` it is also the audit trail of publishing: see `audit_trail`.
create table own_record (
  position   bigint primary key,
  record_id  bytea not null,
  type       text not null,
  finding    uuid not null,
  version    bigint not null check (version >= 1),
  iat        bigint not null,
  tlp        text not null,
  embargo_until bigint,             -- seconds since the epoch
  actor      text not null,
  at         timestamptz not null,
  unique (finding, version)         -- two records for one version would be misconduct
);
create trigger own_record_is_append_only before update or delete or truncate on own_record
  execute function refuse_change();

-- Records taken back, by the withdrawal that did it. `hidden`: that withdrawal cannot be interpreted, so it fails closed.
create table withdrawn (
  log        smallint not null references log (id),
  record_id  bytea not null,
  position   bigint not null,       -- of the withdrawal
  effect     text not null check (effect in ('withdrawn', 'hidden')),
  primary key (log, record_id)
);

-- Roots of complete subtrees of 256 leaves, so that a proof needs no walk over the whole log.
create table subtree (
  log   smallint not null references log (id),
  index bigint not null check (index >= 0), -- leaves [index * 256, index * 256 + 256)
  hash  bytea not null check (length(hash) = 32),
  primary key (log, index)
);

-- One root per size, for ever. On our own log the row is the intent: it is committed before the signature is asked for.
create table checkpoint (
  log       smallint not null references log (id),
  size      bigint not null check (size >= 0),
  root      bytea not null check (length(root) = 32),
  frontier  bytea,        -- own log: frontier at `size`
  jws       text,         -- newest signature at this size; null until signed
  note      text,
  iat       bigint,       -- seconds since the epoch, of `jws`
  primary key (log, size)
);
create function checkpoint_root_is_fixed() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.log = old.log and new.size = old.size and new.root = old.root
     and (old.iat is null or new.iat >= old.iat) then
    return new;
  end if;
  raise exception 'a checkpoint keeps its root for ever' using errcode = 'integrity_constraint_violation';
end $$;
create trigger checkpoint_is_append_only before update or delete on checkpoint for each row execute function checkpoint_root_is_fixed();

-- Root-signed keyset documents of every institute known here, newest seq last.
create table keyset (
  iss      text not null,
  seq      bigint not null check (seq >= 1),
  document text not null,           -- compact JWS, typ concordance-keyset+jwt
  position bigint,                  -- where the log records it; null while only the node document showed it
  primary key (iss, seq)
);
create trigger keyset_is_never_deleted before delete on keyset for each row execute function refuse_change();

create table peer (
  iss           text primary key,
  base_url      text not null,
  pin           text not null,      -- RFC 7638 thumbprint of the root key, exchanged out of band
  state         text not null default 'active' check (state in ('active', 'suspended', 'removed')),
  checkpoint    text,               -- newest verified checkpoint JWS we hold of the peer
  checkpoint_iat bigint,
  last_synced_at timestamptz,
  last_error     text,              -- a code, never content
  last_error_at  timestamptz,
  compared_at    timestamptz
);

-- Coverage statements peers gave us about their own log.
create table coverage_received (
  log        smallint not null references log (id),
  from_position bigint not null,
  to_position   bigint not null,
  common     int[] not null,        -- offsets from from_position of entries opened to us under CLEAR or GREEN without embargo
  jws        text not null,
  iat        bigint not null,
  primary key (log, from_position, to_position, iat)
);

-- The delivery log: what we opened to whom, written before it leaves, kept for ever.
create table delivery (
  id         bigint generated always as identity primary key,
  peer       text not null,
  from_position bigint not null,
  to_position   bigint not null,
  opened     int[] not null,        -- offsets from from_position
  access_at  bigint not null,
  sent_at    timestamptz not null
);
create index delivery_by_peer on delivery (peer, from_position);
create trigger delivery_is_append_only before update or delete or truncate on delivery execute function refuse_change();

-- What a peer signed that cannot both be true. Kept for ever, exportable.
create table misconduct (
  id         bigint generated always as identity primary key,
  iss        text not null,
  kind       text not null,
  digest     bytea not null unique,
  bundle     jsonb not null,
  found_at   timestamptz not null
);
create trigger misconduct_is_append_only before update or delete or truncate on misconduct execute function refuse_change();

-- Records that are stored and proven but not interpreted, with the reason.
create table quarantine (
  log        smallint not null references log (id),
  position   bigint not null,
  code       text not null,
  detail     text not null,
  primary key (log, position)
);

-- Checkpoints of a log that other peers showed us and that we cannot compare yet (we are behind).
create table foreign_checkpoint (
  log        smallint not null references log (id),
  size       bigint not null,
  root       bytea not null,
  jws        text not null,
  shown_by   text not null,
  primary key (log, size, root)
);

-- How far the statements that one peer saw of a log have been held against our own copy of it.
create table comparison (
  shown_by text not null,
  log      smallint not null references log (id),
  position bigint not null,
  primary key (shown_by, log)
);

-- The projection: one row per record whose statement is open to us, filled in batches behind the log. How a record stands
-- (current, superseded, withdrawn) is not kept here: it depends on which other records a viewer may see.
create table record (
  log        smallint not null references log (id),
  position   bigint not null,
  record_id  bytea not null,
  iss        text not null,
  type       text not null,
  finding    uuid not null,
  version    bigint not null,
  iat        bigint not null,
  lang       text not null,
  tlp        text not null,
  embargo_until bigint,
  mark       jsonb not null,
  has_body   boolean not null,
  title      jsonb not null default '{}',
  facets     jsonb not null default '{}',
  words      tsvector not null default '',
  primary key (log, position)
);
create unique index record_by_id on record (record_id);
create index record_by_finding on record (finding, log, version);
create index record_newest on record (iat desc, log, position desc);
create index record_words on record using gin (words);
create index record_facets on record using gin (facets jsonb_path_ops);

create table draft (
  id         uuid primary key,
  type       text not null,
  finding    uuid not null,
  version    bigint not null default 1,
  content    jsonb not null,        -- {content, mark, lang, rel}
  origins    jsonb not null default '{}',
  author     text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  etag       int not null default 1,
  receipt    jsonb                  -- once published
);

create table idempotency (
  subject    text not null,
  key        text not null,
  digest     bytea not null,
  receipt    jsonb not null,
  created_at timestamptz not null,
  primary key (subject, key)
);
create index idempotency_by_age on idempotency using brin (created_at);

create table api_token (
  jti        text primary key,
  name       text not null,
  subject    text not null,
  scopes     text[] not null,       -- at most: a person's token allows no more than the person may at the time
  staff      boolean not null,      -- of a program; a person's token follows the person
  person     uuid,                  -- who made it for themselves; null where the operator issued it
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index api_token_by_person on api_token (person) where person is not null;

-- Request tokens already used; purged after exp + 60 s.
create table request_jti (
  iss text not null,
  jti text not null,
  exp bigint not null,
  primary key (iss, jti)
);
create index request_jti_by_exp on request_jti (exp);

-- Critical acts other than publishing.
create table audit (
  id         bigint generated always as identity primary key,
  at         timestamptz not null,
  actor      text not null,
  act        text not null,
  target     text not null,
  detail     jsonb not null default '{}'
);
create trigger audit_is_append_only before update or delete or truncate on audit execute function refuse_change();

-- Everything anybody did here. Entries of our own log say themselves who appended them: a second row each would be the same again.
create view audit_trail as
  select at, actor, act, target, detail from audit
  union all
  select at, actor, case type when 'withdrawal' then 'withdraw' when 'keyset' then 'change-keys' else 'publish' end,
    position::text, jsonb_build_object('type', type, 'finding', finding, 'version', version)
  from own_record;

-- People by the institute's provider. Who somebody is: (issuer, sub), never a name or an address.
create table person (
  id           uuid primary key,
  issuer       text not null,
  sub          text not null,
  name         text,                -- for display alone
  staff        boolean not null,
  roles        text[] not null check (roles <@ array['reader', 'author', 'reviewer', 'publisher', 'operator']),
  created_at   timestamptz not null,
  signed_in_at timestamptz,         -- staff and roles are as of then
  disabled_at  timestamptz,
  unique (issuer, sub)
);
alter table api_token add foreign key (person) references person (id);

-- Sessions of browsers. Of the cookie only the digest is here, so a copy of the table signs nobody in.
create table session (
  digest       bytea primary key check (length(digest) = 32),
  person       uuid not null references person (id),
  sign_in      bytea not null unique check (length(sign_in) = 32), -- digest of the sign-in it came from, which counts once
  began_at     timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at   timestamptz not null,
  ended_at     timestamptz          -- the row stays until it would have expired, so that its sign-in stays used
);
create index session_by_person on session (person);
create index session_by_expiry on session (expires_at);
