-- 0020 outcomes: did it help, and what routing learns from that
--
-- A case that an agent resolved gets one row in outcome. Five working days later (daemon/sql/learn_mature.sql) it is known
-- whether it helped; then the agent is forgotten there, and only sums stay, in learned. All other figures follow from those
-- (lib/core/learn). No token reads either table: what is learned of a person stays inside the router.

set local search_path = loket;

create table outcome (
	case_id uuid primary key,
	municipality text not null,
	product text not null,                 -- '': digital help, whatever it was tried for
	agent uuid,                            -- who had it first; null once it matured
	at timestamptz not null,
	due_at timestamptz not null,           -- a week later: five working days, whatever day it was
	y boolean,                             -- nobody came back, no transfer, no promise left open; null: not yet known
	check (y is null or agent is null)
);
create index outcome_due on outcome (due_at) where y is null;

create table learned (
	id bigint generated always as identity unique,   -- to read it page by page
	unit_kind text not null check (unit_kind in ('agent', 'team')),
	unit text not null,                    -- id of the agent or team
	product text not null,                 -- as in outcome
	home boolean not null,                 -- the agent comes from the municipality that it was for
	fixed float8 not null,                 -- both as they were worth on day
	n float8 not null,
	day int not null,
	primary key (unit_kind, unit, product, home),
	check (0 <= fixed and fixed <= n)
);

-- days from Monday to Friday since 2001 began, which was on a Monday; holidays count as working days
create function working_day(at timestamptz) returns int language sql stable parallel safe as $$
	select n / 7 * 5 + least(n % 7, 5) from (select (at at time zone 'Europe/Amsterdam')::date - date '2001-01-01' as n) d
$$;

alter table outcome enable row level security;
alter table outcome force row level security;
create policy system on outcome to loket_system using (true) with check (true);
create policy scope on outcome for insert to loket_api with check (municipality = any (loket.scope()));
grant select, insert, update, delete on outcome to loket_system;
grant insert on outcome to loket_api;

alter table learned enable row level security;
alter table learned force row level security;
create policy system on learned to loket_system using (true) with check (true);
grant select, insert, update, delete on learned to loket_system;
