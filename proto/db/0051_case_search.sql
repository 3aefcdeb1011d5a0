-- 0051 cases that are found by what was said in them
--
-- The words of a case (of its contacts and notes) are put here after the fact (daemon/case_words.h), so that intake does nothing
-- for it. Row level security lets no index on words be used (@@ is not leakproof), so cases_found looks with the rights of the
-- owner, within the scope of who asks, and gives ids and nothing else. The owner may read no other table that has rows of a
-- municipality but articles.

set local search_path = loket;

create table case_words (
	case_id uuid primary key,
	municipality text not null,
	words tsvector not null                -- without positions; and the day on which the case began, as '=20261122'
);
-- written by one, in the background: better that each write costs something than that each search reads what is pending
create index case_words_words on case_words using gin (words) with (fastupdate = off);

-- one row. Notices up to last were looked at; of cases from before there was this table, those with an id of back and above
create table case_words_cursor (
	last bigint not null,
	back uuid not null
);
insert into case_words_cursor values (0, 'ffffffff-ffff-ffff-ffff-ffffffffffff');

alter table case_words enable row level security;
alter table case_words force row level security;
create policy system on case_words to loket_system using (true) with check (true);
create policy scope on case_words to loket_api using (municipality = any (loket.scope()));
create policy search on case_words for select to current_user using (true);
grant select, insert, update, delete on case_words to loket_system;
grant select on case_words to loket_api;
grant select, update on case_words_cursor to loket_system;

-- what may be looked for in a text: all but numbers of six digits and more, also in groups and with letters (a BSN, an IBAN, a
-- telephone number), which would tell who looks for one whose it is
create function case_words_of(said text) returns tsvector language sql immutable parallel safe as $$
	select strip(to_tsvector('pg_catalog.dutch'::regconfig,
	             regexp_replace(said, '[[:alnum:]]*[0-9]([ .\-\u00a0]{0,3}[0-9]){5,}[[:alnum:]]*', ' ', 'g')))
$$;

-- ids begin with the time (UUIDv7); clocks differ, so a day more on either side of a period
create function first_id_of(at timestamptz) returns uuid language sql immutable parallel safe as $$
	select (lpad(to_hex((greatest(extract(epoch from at), 0) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- at most n cases that have these words, in any order
create function cases_with(look tsquery, here text[], from_at timestamptz, to_at timestamptz, n int) returns uuid[]
		language sql stable set search_path = loket, pg_catalog, pg_temp as $$
	select array(select c.case_id from case_words c
	              where c.words @@ look and c.municipality = any (here)
	                and (from_at is null or c.case_id >= first_id_of(from_at - interval '1 day'))
	                and (to_at is null or c.case_id < first_id_of(to_at + interval '1 day'))
	              limit n)
$$;

-- the newest cases that have all the words, at most 1,000: also words that begin so; what may be meant (article_meant)
-- when nothing has them. Words that more have are looked for as they are, day by day, backwards
create function cases_found(asked text, of_municipality text, from_at timestamptz, to_at timestamptz) returns setof uuid
		language plpgsql stable security definer set search_path = loket, pg_catalog, pg_temp as $$
declare
	most constant int := 1000;
	here text[] := case when of_municipality is null then scope()
	                    else array(select unnest(scope()) intersect select of_municipality) end;
	day date := (least(to_at, clock_timestamp()) at time zone 'UTC')::date;
	days int := least(3660, day - coalesce((from_at at time zone 'UTC')::date, day - 3660));
	exactly tsquery;
	begins tsquery;
	look tsquery;
	meant tsquery;
	one record;
	found uuid[];
	same uuid[];
begin
	for one in select quote_literal(lexeme) as stem, quote_literal(word) as word from article_words_of(asked) limit 10 loop
		exactly := case when exactly is null then one.stem::tsquery else exactly && one.stem::tsquery end;
		look := (one.stem || ':* | ' || one.word || ':*')::tsquery;      -- the stem of "parkeer" is "parker"
		begins := case when begins is null then look else begins && look end;
	end loop;
	if exactly is null then
		return;
	end if;
	found := cases_with(begins, here, from_at, to_at, most + 1);
	if found = '{}' then
		for one in select article_meant(w.word, w.lexeme) as query from article_words_of(asked) w limit 10 loop
			meant := case when meant is null then one.query else meant && one.query end;
		end loop;
		found := cases_with(meant, here, from_at, to_at, most);
	elsif cardinality(found) > most then
		same := cases_with(exactly, here, from_at, to_at, most + 1);
		if cardinality(same) between 1 and most then
			found := same;
		elsif same <> '{}' then
			found := '{}';
			for k in 0 .. days loop
				found := found || cases_with(exactly && quote_literal(to_char(day - k, '"="YYYYMMDD'))::tsquery, here,
				                             null, null, most - cardinality(found));
				exit when cardinality(found) >= most;
			end loop;
		end if;
	end if;
	return query select unnest(found) limit most;
end $$;
