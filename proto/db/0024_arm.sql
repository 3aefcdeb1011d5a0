-- 0024 the control share: what a case was drawn for when it came, and what became of both arms
--
-- The draw is made from the id of the case alone (lib/core/route_arm), so it can be made again, and is kept here, so that a
-- transfer or another share does not change it. Null: nothing was drawn (skills-fifo for all, or no share).

set local search_path = loket;

alter table case_file add column arm text check (arm in ('ftf', 'skills-fifo'));

-- counted once for each case, three weeks after it began (daemon/sql/learn_compare.sql): no case, no agent, no citizen in it.
-- Of those answered: how long until the first agent took it
create table arm_day (
	municipality text not null,
	day date not null,                     -- on which the cases began, in Amsterdam
	product text not null,                 -- '': digital help
	live boolean not null,                 -- somebody was on the line
	arm text not null,
	cases int not null,
	anonymous int not null,                -- nobody can see whether they came back: not judged
	judged int not null,
	fixed int not null,                    -- of those judged
	answered int not null,
	transferred int not null,              -- of those answered
	wait_s float8 not null,
	wait_s2 float8 not null,               -- sum of squares
	abandoned int not null,                -- gave up before anybody took it
	primary key (municipality, day, product, live, arm)
);

create table arm_counted (last uuid not null);   -- one row: cases up to this one were counted
insert into arm_counted values ('00000000-0000-0000-0000-000000000000');

alter table arm_day enable row level security;
alter table arm_day force row level security;
create policy system on arm_day to loket_system using (true) with check (true);
create policy scope on arm_day to loket_api using (municipality = any (loket.scope()));
grant select, insert, update, delete on arm_day to loket_system;
grant select on arm_day to loket_api;
grant select, update on arm_counted to loket_system;
