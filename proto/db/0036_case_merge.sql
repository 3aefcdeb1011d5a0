-- 0036 cases that turned out to be one question, and the way back; cases that have to do with each other
--
-- The contacts of a case that was merged stay where they were and are shown with the one that goes on, so the ledger counts
-- them as merged and nothing has to be moved back. case_file.merged_into is what counts; case_merge remembers how the case was.
-- merged_into never points at a case that was merged itself: those that came with it (carried) point at the last.

set local search_path = loket;

create table case_merge (
	id uuid primary key,
	municipality text not null,
	kept uuid not null,
	gone uuid not null,
	at timestamptz not null,
	agent uuid,                            -- who did it; null: a token without an agent
	-- how gone was
	state text not null,
	outcome text,
	closed_at timestamptz,
	owner uuid,
	tasks uuid[] not null,                 -- open ones, which went along
	carried uuid[] not null,               -- cases that had been merged into it
	undone_at timestamptz,
	undone_by uuid
);
create index case_merge_gone on case_merge (gone, at);

create table case_link (
	one uuid not null,                     -- the smaller id of the two
	other uuid not null,
	municipality text not null,
	at timestamptz not null,
	agent uuid,
	note text,
	primary key (one, other),
	check (one < other)
);
create index case_link_other on case_link (other);

do $$
declare t text;
begin
	foreach t in array array['case_merge', 'case_link'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api using (municipality = any (loket.scope()))
			with check (municipality = any (loket.scope()))', t);
	end loop;
end $$;
grant select, insert, update, delete on case_merge, case_link to loket_system;
grant select, insert, update on case_merge to loket_api;
grant select, insert, delete on case_link to loket_api;
grant update on call to loket_api;
