-- 0022 what a region says holds for its municipalities, unless they say otherwise (lib/core/policy: routing)

set local search_path = loket;

create table region (
	id text primary key check (id ~ '^[a-z0-9-]{1,80}$'),
	settings jsonb not null default '{}'   -- {"routing": {…}}
);

alter table region enable row level security;
alter table region force row level security;
create policy system on region to loket_system using (true) with check (true);
-- of who works for one of its municipalities
create policy scope on region to loket_api using (exists (select from loket.municipality m where m.region = region.id))
	with check (exists (select from loket.municipality m where m.region = region.id));
grant select, insert, update, delete on region to loket_system;
grant select, insert, update on region to loket_api;
create trigger world_changed after insert or update or delete or truncate on region
	for each statement execute function world_changed();
