-- 0023 what was learned is kept by municipality: each has its own half-life, and whoever no longer wants it to be of persons
-- is rid of all of it. Working days are counted by lib/core/hours, which knows the holidays
--
-- The table of 0020 is empty wherever this runs: nothing matures before five working days are over.

set local search_path = loket;

drop table learned;
drop function working_day;
comment on column outcome.due_at is 'five working days later';

create table learned (
	id bigint generated always as identity unique,   -- to read it page by page
	municipality text not null,
	unit_kind text not null check (unit_kind in ('agent', 'team')),
	unit text not null,                    -- id of the agent or team
	product text not null,                 -- as in outcome
	home boolean not null,                 -- the agent comes from there
	fixed float8 not null,                 -- both as they were worth on day
	n float8 not null,
	day int not null,                      -- hours_working_day
	primary key (municipality, unit_kind, unit, product, home),
	check (0 <= fixed and fixed <= n)
);
alter table learned enable row level security;
alter table learned force row level security;
create policy system on learned to loket_system using (true) with check (true);
grant select, insert, update, delete on learned to loket_system;
