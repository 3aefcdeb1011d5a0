-- 0008 who is who: parties that turned out to be one, and the way back
--
-- The party that was merged keeps its row and points at the one that stays; its addresses and cases move, and
-- party_merge remembers which, so that they can go back.

set local search_path = loket;
alter table party add column merged_into uuid;

create table party_merge (
	id uuid primary key,
	municipality text not null,
	kept uuid not null,
	gone uuid not null,
	at timestamptz not null,
	reason text not null check (reason in ('person', 'proof')),
	agent uuid,                            -- who said so; null by proof, or for a token without an agent
	note text,
	addresses jsonb not null,              -- of gone, then: [{"kind","value"}]
	cases uuid[] not null,                 -- of gone, then
	undone_at timestamptz,
	undone_by uuid
);
create unique index party_merge_gone on party_merge (gone) where undone_at is null;
create index party_merge_kept on party_merge (kept);

alter table party_merge enable row level security;
alter table party_merge force row level security;
create policy system on party_merge to loket_system using (true) with check (true);
create policy scope on party_merge to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on party_merge to loket_system;
grant select, insert, update on party_merge to loket_api;
grant update on address to loket_api;
