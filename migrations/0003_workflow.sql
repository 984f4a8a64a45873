-- Workflow: how a draft gets from its author past a second person.

alter table draft
  add column state text not null default 'draft' check (state in ('draft', 'in-review', 'sent-back', 'approved')),
  add column editors text[] not null default '{}'; -- everybody who ever wrote a part of it, its author first

-- What people did to a draft in review, each to one state of the work. It goes with the draft; the audit trail stays.
create table draft_review (
  id          bigint generated always as identity primary key,
  draft       uuid not null references draft (id) on delete cascade,
  etag        int not null,
  act         text not null check (act in ('submit', 'send-back', 'approve', 'recall')),
  actor       text not null,
  at          timestamptz not null,
  note        text,                 -- to the reviewer, or why it is sent back
  hazard      text check (hazard in ('none', 'mitigated', 'hazard')),
  hazard_note text,
  work        jsonb not null,       -- {content, mark, lang, rel} that was looked at
  check ((act = 'approve') = (hazard is not null and hazard_note is not null)),
  check (act <> 'send-back' or note is not null)
);
create index draft_review_by_draft on draft_review (draft, id);
create trigger draft_review_is_never_changed before update on draft_review for each row execute function refuse_change();

-- What reviewers and authors say about one field of one state of the work.
create table draft_comment (
  id          bigint generated always as identity primary key,
  draft       uuid not null references draft (id) on delete cascade,
  etag        int not null,
  pointer     text not null,        -- JSON pointer (RFC 6901) into the work
  text        text not null,
  author      text not null,
  at          timestamptz not null,
  resolved_by text,
  resolved_at timestamptz,
  check ((resolved_by is null) = (resolved_at is null))
);
create index draft_comment_by_draft on draft_comment (draft, id);

-- Developers who see a draft before it is published. What was agreed with them stays here: no record names it.
create table draft_clearance (
  id          bigint generated always as identity primary key,
  draft       uuid not null references draft (id) on delete cascade,
  developer   text not null,
  agreement   text not null,
  due_on      text not null check (due_on ~ '^\d{4}-\d\d-\d\d$'),
  outcome     text not null default 'open' check (outcome in ('open', 'cleared', 'commented', 'objected', 'no-answer')),
  note        text,
  decided_by  text,
  decided_at  timestamptz,
  overridden_by   text,             -- who published without waiting for it
  override_reason text,
  check ((outcome = 'open') = (decided_at is null)),
  check ((overridden_by is null) = (override_reason is null))
);
create index draft_clearance_by_draft on draft_clearance (draft, id);

-- Acts on our own log by what they are. (kind, number) is the place of a line: within a kind numbers rise with time.
create or replace view audit_trail as
  select at, actor, act, target, detail, 'act' as kind, id as number from audit
  union all
  select at, actor,
    case type when 'withdrawal' then 'withdraw' when 'keyset' then 'change-keys' when 'marking' then 'mark'
      when 'group' then 'change-group' else 'publish' end,
    position::text, jsonb_build_object('type', type, 'finding', finding, 'version', version), 'entry', position
  from own_record;
