-- 0048 baselines: the figures of a period under a name, kept as they were, so that later ones can be compared with them
--
-- Sums by day go after ten years and follow what becomes of a case; these stay as they are until somebody deletes them.

set local search_path = loket;

-- one baseline has a row for each of its municipalities
create table baseline (
	id uuid not null,
	municipality text not null references municipality,
	name text not null,
	first_day date not null,
	until_day date not null,               -- not in it
	at timestamptz not null,
	by uuid,                               -- agent; null: a token without one
	primary key (id, municipality),
	unique (municipality, name)
);
-- as figure_day and figure_wait, all days together: day is the first
create table baseline_day (
	like figure_day,
	baseline uuid not null,
	primary key (baseline, municipality, channel, product, team),
	foreign key (baseline, municipality) references baseline on delete cascade
);
create table baseline_wait (
	like figure_wait,
	baseline uuid not null,
	primary key (baseline, municipality, channel, product, team, bucket),
	foreign key (baseline, municipality) references baseline on delete cascade
);

do $$
declare t text;
begin
	foreach t in array array['baseline', 'baseline_day', 'baseline_wait'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api using (municipality = any (loket.scope())) '
		               'with check (municipality = any (loket.scope()))', t);
		execute format('grant select, insert on loket.%I to loket_api', t);
	end loop;
end $$;
grant delete on baseline to loket_api;
