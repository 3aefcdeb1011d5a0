-- 0032 what the secrets of receipts are made with (lib/core/receipt): the newest for new receipts, each of the newest four
-- for those that people have
--
-- To change it, as loket_system: insert into loket.receipt_key default values; and delete the old row when no receipt of it
-- needs to count any more.

set local search_path = loket;

create table receipt_key (
	n int generated always as identity primary key,
	-- 244 bits of chance in 64 digits
	value text not null default encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex')
		check (length(value) >= 43),
	made_at timestamptz not null default clock_timestamp()
);
insert into receipt_key default values;
alter table receipt_key enable row level security;
alter table receipt_key force row level security;
create policy system on receipt_key to loket_system using (true) with check (true);
grant select, insert, delete on receipt_key to loket_system;
create trigger world_changed after insert or update or delete or truncate on receipt_key
	for each statement execute function world_changed();
