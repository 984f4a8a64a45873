-- Whether a record names others at all, so that a list need not ask what has become of them for records that name none.
alter table record add column cites boolean not null default false;
update record set cites = true from citation where citation.log = record.log and citation.position = record.position;
