-- By what an entry of our own log was opened to a peer. How far a peer has read, pages alone say.
alter table delivery add column kind text not null default 'page' check (kind in ('page', 'record', 'search'));
