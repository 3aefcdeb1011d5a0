-- 0046 knowledge that is found: compounds, other forms of a word, misspellings; when an article is to be looked at again, and
-- what it did not answer
-- locks: the tables of articles have some thousands of rows, written by hand; a moment
--
-- Row level security lets no index on words or likeness be used (their operators are not leakproof), so articles_found looks
-- with the rights of the owner and gives ids and nothing else: what is shown of them is read by who asked, within their rights.
-- The owner may read no other table that has rows of a municipality, so a mistake in it can show nothing of a citizen.

set local search_path = loket;
create extension if not exists pg_trgm schema loket;

alter table article add column review_on date;   -- when somebody should see whether it is still true
create index article_words on article using gin (words);
create index article_title on article using gin (to_tsvector('pg_catalog.dutch'::regconfig, title));
create index article_review on article (review_on) where enabled and review_on is not null;
create policy search on article for select to current_user using (true);
create index article_change_of on article_change (article, municipality, n);
grant select on article_change to loket_api;

-- words of titles: what a question is compared with, to see what was meant
create table article_word (
	word text primary key,
	lexeme text not null
);
create index article_word_lexeme on article_word (lexeme);
create index article_word_like on article_word using gin (word gin_trgm_ops);

create function article_words_of(said text) returns table (word text, lexeme text) language sql stable as $$
	select distinct on (t.token) t.token, x.lexeme
	  from ts_parse('default', lower(left(said, 500))) t
	 cross join lateral unnest(to_tsvector('pg_catalog.dutch', t.token)) x
	 where t.tokid in (1, 2, 3, 15, 16, 17) and length(t.token) > 2
$$;
create function article_learn_words() returns trigger language plpgsql set search_path = loket, pg_catalog, pg_temp as $$
begin
	insert into article_word select w.word, w.lexeme from article_words_of(new.title) w on conflict do nothing;
	return null;
end $$;
create trigger article_words after insert or update of title on article for each row execute function article_learn_words();
insert into article_word select distinct on (w.word) w.word, w.lexeme from article a, article_words_of(a.title) w;
grant select, insert, update, delete on article_word to loket_system;
grant insert on article_word to loket_api;       -- by the trigger; read by articles_found

-- what may be meant by a word, as a query: itself, words that begin with it; else its two parts ("paspoortaanvraag"); else words
-- that look like it ("paspoord")
create function article_meant(asked text, stem text) returns tsquery language plpgsql stable
		set search_path = loket, pg_catalog, pg_temp as $$
declare
	begins tsquery := (quote_literal(stem) || ':*')::tsquery;
	found tsquery;
begin
	if exists (select from article_word where lexeme = stem) then
		return begins;
	end if;
	select quote_literal(p.lexeme)::tsquery && quote_literal(r.lexeme)::tsquery into found
	  from generate_series(4, length(asked) - 4) k
	  join article_word p on p.word = left(asked, k)
	 cross join lateral (values (substr(asked, k + 1)), (regexp_replace(substr(asked, k + 1), '^(en|s|e|-)', ''))) rest (word)
	 cross join lateral unnest(to_tsvector('pg_catalog.dutch', rest.word)) s
	 cross join lateral (select w.lexeme from generate_series(least(4, length(s.lexeme)), length(s.lexeme)) j
	                       join article_word w on w.lexeme = left(s.lexeme, j) order by j desc limit 1) r      -- melding: melden
	 order by k desc limit 1;
	if found is not null then
		return found || begins;
	end if;
	select string_agg(quote_literal(w.lexeme), '|')::tsquery into found
	  from (select lexeme from article_word where word % asked order by similarity(word, asked) desc limit 2) w;
	return coalesce(found || begins, begins);
end $$;

-- the articles that a question is about, of a municipality (null: of all in scope) and the region: what has all of it in the title,
-- then what has all of it, then what has some and looks like it; the best has the highest score. At most 900
create function articles_found(asked text, of_municipality text) returns table (id text, municipality text, score float8)
		language plpgsql stable security definer set search_path = loket, pg_catalog, pg_temp as $$
declare
	whole tsquery;
	part tsquery;
	one record;
	n int;
begin
	for one in select article_meant(w.word, w.lexeme) as meant from article_words_of(asked) w limit 10 loop
		whole := case when whole is null then one.meant else whole && one.meant end;
	end loop;
	if whole is null then
		return;
	end if;
	part := replace(whole::text, ' & ', ' | ')::tsquery;
	return query select a.id, a.municipality, 3 + ts_rank(a.words, part) from article a
		where a.enabled and to_tsvector('pg_catalog.dutch'::regconfig, a.title) @@ whole
		  and (a.municipality is null or a.municipality = any (scope()))
		  and (of_municipality is null or a.municipality is null or a.municipality = of_municipality) limit 300;
	get diagnostics n = row_count;
	if n < 100 then
		return query select a.id, a.municipality, 2 + ts_rank(a.words, part) from article a
			where a.enabled and a.words @@ whole and not to_tsvector('pg_catalog.dutch'::regconfig, a.title) @@ whole
			  and (a.municipality is null or a.municipality = any (scope()))
			  and (of_municipality is null or a.municipality is null or a.municipality = of_municipality) limit 300;
	end if;
	if n = 0 and whole <> part then
		return query select a.id, a.municipality, 1 + ts_rank(a.words, part) / 10 + word_similarity(lower(left(asked, 100)), lower(a.title)) from article a
			where a.enabled and a.words @@ part and not a.words @@ whole
			  and (a.municipality is null or a.municipality = any (scope()))
			  and (of_municipality is null or a.municipality is null or a.municipality = of_municipality) limit 300;
	end if;
end $$;

-- "this did not help": what the editor of an article has to hear
create table article_feedback (
	id uuid primary key,
	article text not null,
	municipality text,
	at timestamptz not null,
	agent uuid,
	case_id uuid,
	note text                              -- BSN and IBAN masked
);
create index article_feedback_of on article_feedback (article, municipality, id);
alter table article_feedback enable row level security;
alter table article_feedback force row level security;
create policy system on article_feedback to loket_system using (true) with check (true);
create policy scope on article_feedback to loket_api
	using (municipality = any (loket.scope()) or (municipality is null and loket.scope() is not null))
	with check (municipality = any (loket.scope()) or (municipality is null and loket.scope() is not null));
grant select, insert, update, delete on article_feedback to loket_system;
grant select, insert, delete on article_feedback to loket_api;
