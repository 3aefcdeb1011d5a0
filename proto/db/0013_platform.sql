-- 0013 one message through two providers is one contact
--
-- Only where a municipality has two providers for one channel: then the id that the channel itself gave is kept for each
-- contact, and who comes second is the same message.

set local search_path = loket;
create table contact_platform (
	municipality text not null,
	channel text not null,
	platform_id text not null,
	contact uuid not null,
	primary key (municipality, channel, platform_id)
);
alter table contact_platform enable row level security;
alter table contact_platform force row level security;
create policy system on contact_platform to loket_system using (true) with check (true);
create policy scope on contact_platform to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on contact_platform to loket_system;
