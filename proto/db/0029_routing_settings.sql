-- 0029 the settings that decisions were made with: each version once (about 700 bytes in every decision before that)

set local search_path = loket;

create table routing_settings (
	hash bytea primary key,                -- SHA-256 of settings::text
	settings jsonb not null                -- {"routing": {…}}: all of them, as lib/core/policy reads them
);
alter table routing add column settings_hash bytea;   -- null: from before this; those are not decided again

alter table routing_settings enable row level security;
alter table routing_settings force row level security;
create policy system on routing_settings to loket_system using (true) with check (true);
grant select, insert, update, delete on routing_settings to loket_system;
