-- What records name: the relations of their statements, and the sources in their bodies that are records. Part of the
-- projection, which is filled again from the entries: until that is done, lists are shorter.
delete from record;
update projection set position = 0;

create table citation (
  log        smallint not null,
  position   bigint not null,       -- of the record that names
  number     int not null,
  target_iss text not null,
  target_record  bytea,
  target_finding uuid,
  in_body    boolean not null,      -- then it is closed with the body
  primary key (log, position, number),
  foreign key (log, position) references record (log, position) on delete cascade,
  check ((target_record is null) <> (target_finding is null))
);
create index citation_of_record on citation (target_record) where target_record is not null;
create index citation_of_finding on citation (target_finding) where target_finding is not null;

alter table citation enable row level security;
create policy viewer_reads on citation for select to concordance_reader using (
  exists (select from record where record.log = citation.log and record.position = citation.position));
grant select on citation to concordance_reader;
