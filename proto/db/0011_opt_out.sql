-- 0011 who asked to be sent no more on a channel
--
-- A STOP by SMS, or a provider that refuses because of one. It counts for every inbox of the municipality on that
-- channel; a START takes it back.

set local search_path = loket;
create table opt_out (
	municipality text not null,
	channel text not null,
	kind text not null,
	value text not null,
	at timestamptz not null,
	primary key (municipality, channel, kind, value)
);
alter table opt_out enable row level security;
alter table opt_out force row level security;
create policy system on opt_out to loket_system using (true) with check (true);
create policy scope on opt_out to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on opt_out to loket_system;
grant select on opt_out to loket_api;
