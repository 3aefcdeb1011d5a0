-- 0014 blocked: senders whose contacts become spam cases, closed, until somebody lets them in again
--
-- Held by every instance as part of its picture of the set-up (world), so that looking costs the way in nothing.

set local search_path = loket;

create table blocked (
	id uuid primary key,
	municipality text not null references municipality,
	kind text not null,
	value text not null,                   -- as in address
	reason text,
	by uuid,                               -- agent; null: a token without one
	at timestamptz not null default clock_timestamp(),
	until timestamptz,                     -- null: until it is taken back
	unique (municipality, kind, value)
);
alter table blocked enable row level security;
alter table blocked force row level security;
create policy system on blocked to loket_system using (true) with check (true);
create policy scope on blocked to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on blocked to loket_system, loket_api;
create trigger world_changed after insert or update or delete or truncate on blocked
	for each statement execute function world_changed();
