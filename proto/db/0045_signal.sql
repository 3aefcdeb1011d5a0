-- 0045 signals: what is said of each theme and area is counted by the hour, and what is more than usual is raised
--
-- An hour is a number since 1970 by the Dutch clock (lib/core/signal.h), so that the same hour of the week is always 168 before. Area ''
-- is the whole municipality, theme '' what is of no theme.

set local search_path = loket;

-- a question is counted once for a theme, whatever else is said in it
create table theme_case (
	case_id uuid not null,
	theme text not null,
	municipality text not null,
	area text not null,
	contact uuid not null,                 -- that was the first to say it
	hour int not null,
	primary key (case_id, theme)
);
create index theme_case_newest on theme_case (municipality, theme, hour);
create index theme_case_age on theme_case (hour);

create table theme_hour (
	municipality text not null,
	theme text not null,
	area text not null,
	hour int not null,
	n int not null,
	primary key (municipality, theme, area, hour)
);
create index theme_hour_age on theme_hour (hour);

-- since when it is counted: a theme that is new has no usual
create table theme_since (
	municipality text not null,
	theme text not null,
	area text not null,
	hour int not null,
	primary key (municipality, theme, area)
);

create table signal (
	id uuid primary key,
	municipality text not null,
	theme text not null,
	area text not null,
	department text,
	raised_at timestamptz not null,
	ended_at timestamptz,                  -- null: it goes on
	hour int not null,                     -- the last of its window
	hours int not null,                    -- of the window
	count int not null,
	expected float8 not null,
	chance float8 not null,                -- of so many or more by chance
	false_alarms float8 not null,          -- in a week, that it was judged by
	usual int[] not null,                  -- in the same window of the weeks before
	contacts uuid[] not null default '{}', -- examples
	check ((theme = '') <= (area <> ''))
);
-- one at a time of a theme; of what has no theme, of an area
create unique index signal_one on signal (municipality, theme, (case when theme = '' then area else '' end)) where ended_at is null;
create index signal_newest on signal (municipality, id);

create table theme_counted (last uuid not null);   -- one row: contacts up to this one were counted
insert into theme_counted values ('00000000-0000-0000-0000-000000000000');

do $$
declare t text;
begin
	foreach t in array array['theme_case', 'theme_hour', 'theme_since', 'signal'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api using (municipality = any (loket.scope()))
			with check (municipality = any (loket.scope()))', t);
	end loop;
end $$;
grant select, insert, update, delete on theme_case, theme_hour, theme_since, signal to loket_system;
grant select on theme_hour, theme_since, signal to loket_api;
grant select, update on theme_counted to loket_system;
