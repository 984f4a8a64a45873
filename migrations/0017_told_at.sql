-- When a peer was last told of an entry: one whose group had run out before its embargo ended read it as closed meanwhile, and is
-- told once more.
alter table granted add column told_at timestamptz not null default '-infinity';
