-- Searches that people gave a name to. What somebody looks for is nobody else's business: each is for its subject alone.
create table saved_search (
  id         uuid primary key,
  subject    text not null,         -- person or program
  name       text not null check (length(name) between 1 and 100),
  filters    jsonb not null,        -- SearchFilters of the API
  created_at timestamptz not null,
  unique (subject, name)
);
