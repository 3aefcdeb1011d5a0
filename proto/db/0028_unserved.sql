-- 0028 what waits while nobody who can finish it is logged in: leads are told, and later it explains a wait

set local search_path = loket;
create table unserved (
	id bigint generated always as identity primary key,
	municipality text not null,
	product text not null,
	channel text not null,
	language text not null,
	option0 boolean not null,
	since timestamptz not null,
	until timestamptz                      -- null: it is so now
);
create unique index unserved_now on unserved (municipality, product, channel, language, option0) where until is null;
create index unserved_of on unserved (municipality, product, since);

alter table unserved enable row level security;
alter table unserved force row level security;
create policy system on unserved to loket_system using (true) with check (true);
create policy scope on unserved to loket_api using (municipality = any (loket.scope()));
grant select, insert, update, delete on unserved to loket_system;
grant select on unserved to loket_api;
