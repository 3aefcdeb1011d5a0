-- 0047 figures: counted as things happen (daemon/figures.c), so that nobody counts years of history
--
-- What is known of a case that counts is one row of figure_case. Whenever something happened to the case that row is made
-- again from what is stored, and what differs goes into figure_day, in the same transaction. Looking twice changes nothing.

set local search_path = loket;

-- goes 100 days after the case began; then its figures are what they were
create table figure_case (
	case_id uuid primary key,
	municipality text not null,
	day date not null,                     -- on which the case began, in Amsterdam: where all of it is counted
	channel text not null,
	product text not null,
	team text not null,                    -- of who had it first; '': nobody yet, or of no team
	counted bool not null,                 -- no spam, not merged into another
	handled text not null check (handled in ('digital', 'assisted', 'personal')),
	option0 bool not null,
	taken_at timestamptz,                  -- by an agent, the first time; or typed in by one
	wait_s int,                            -- until then; null: was promised a call, in public, or typed in
	in_time bool,                          -- within the norm of then; null: not known yet, or as above
	calls int not null,                    -- that ended
	missed int not null,                   -- of these: nobody answered
	transferred bool not null,
	finished_at timestamptz,               -- the first time
	reopened bool not null,
	answered_s int,                        -- until the first word of a person
	day_over bool not null,                -- since it began
	week_over bool not null,
	fixed bool,                            -- as outcome.y
	asked bool not null,                   -- how it was
	grade int,
	promises int not null,                 -- whose moment has come
	kept int not null,
	look_at timestamptz                    -- when time alone changes something of this
);
create index figure_case_look on figure_case (look_at) where look_at is not null;
create index figure_case_day on figure_case (day);

-- sums: no case, no agent, no citizen in it
create table figure_day (
	day date not null,
	municipality text not null,
	channel text not null,
	product text not null,
	team text not null,
	cases int not null,
	digital int not null,
	assisted int not null,
	personal int not null,
	option0 int not null,
	taken int not null,
	transferred int not null,              -- of those taken
	waited int not null,
	in_time int not null,                  -- of those who waited
	timed int not null,                    -- of whom the wait is known; sums of their buckets (figure_wait) and of the squares
	bucket int not null,
	bucket2 int not null,
	calls int not null,
	missed int not null,
	judged int not null,
	fixed int not null,
	finished int not null,
	reopened int not null,                 -- of those finished
	day_over int not null,
	in_day int not null,
	week_over int not null,
	in_week int not null,
	asked int not null,
	graded int not null,
	grade int not null,                    -- sum, and sum of squares
	grade2 int not null,
	promises int not null,
	kept int not null,
	primary key (day, municipality, channel, product, team)
);

-- waits until somebody took it, so many of about the same length: of bucket b they are less than 2^(b/4) s - 1 long
create table figure_wait (
	day date not null,
	municipality text not null,
	channel text not null,
	product text not null,
	team text not null,
	bucket int not null,
	n int not null,
	primary key (day, municipality, channel, product, team, bucket)
);
create function figure_bucket(seconds int) returns int language sql immutable parallel safe as
	$$ select floor(4 * ln(seconds + 1) / ln(2) + 1e-9)::int + 1 $$;

-- a case to look at again, of which no notice tells
create table figure_look (
	id bigint generated always as identity primary key,
	municipality text not null,
	case_id uuid not null
);
create function figure_looks() returns trigger language plpgsql as $$
begin
	insert into loket.figure_look (municipality, case_id) values (new.municipality, new.case_id);
	return null;
end $$;
create trigger figure_looks after insert or update on survey for each row
	when (new.state <> 'planned') execute function figure_looks();
create trigger figure_looks after update on outcome for each row
	when (new.y is not null) execute function figure_looks();
create trigger figure_looks after insert or update on call for each row
	when (new.state = 'ended') execute function figure_looks();
create trigger figure_looks after insert or update on task for each row execute function figure_looks();
create trigger figure_looks after insert or update on callback for each row execute function figure_looks();

-- one row. Notices up to last were looked at; up to seen when none can come any more between them: when all transactions
-- that had begun to write at since (before horizon) have ended
create table figure_cursor (
	last bigint not null,
	seen bigint not null,
	horizon xid8 not null,
	since timestamptz not null,
	as_of timestamptz not null             -- what was committed before is counted
);
insert into figure_cursor values (0, 0, '0', '-infinity', '-infinity');

do $$
declare t text;
begin
	foreach t in array array['figure_case', 'figure_day', 'figure_wait', 'figure_look'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('grant select, insert, update, delete on loket.%I to loket_system', t);
	end loop;
	foreach t in array array['figure_day', 'figure_wait'] loop
		execute format('create policy scope on loket.%I to loket_api using (municipality = any (loket.scope()))', t);
		execute format('grant select on loket.%I to loket_api', t);
	end loop;
end $$;
create policy scope on figure_look for insert to loket_api with check (municipality = any (loket.scope()));
grant insert on figure_look to loket_api;
grant select, update on figure_cursor to loket_system;
grant select on figure_cursor to loket_api;
