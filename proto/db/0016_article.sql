-- 0016 knowledge and standard answers
--
-- A row with a municipality is that municipality's own version of the id and goes before the region's (municipality null),
-- also when it is switched off: then the municipality does without. words is kept, not indexed: row level security
-- lets no index on it be used (ts_match_vq is not leakproof), and what it saves is reading every text again.

set local search_path = loket;
create table article (
	id text not null check (id ~ '^[a-z0-9-]{1,80}$'),
	municipality text references municipality,
	kind text not null check (kind in ('article', 'answer')),
	product text references product,
	channels text[],                       -- null: all
	language text not null,
	title text not null,
	text text not null,                    -- with fields: {{voornaam}}, see lib/core/article.h
	template jsonb,                        -- what the provider approved, for outside its window
	enabled boolean not null default true,
	changed_at timestamptz not null,
	changed_by uuid,                       -- agent; null: a token without one
	words tsvector not null generated always as (setweight(to_tsvector('pg_catalog.dutch', title), 'A') ||
		setweight(to_tsvector('pg_catalog.dutch', text), 'B')) stored,
	unique nulls not distinct (id, municipality)
);
-- what each version said, and who wrote it; append only
create table article_change (
	n bigint generated always as identity primary key,
	article text not null,
	municipality text,
	at timestamptz not null,
	token uuid not null,
	agent uuid,
	content jsonb not null
);

do $$
declare t text;
begin
	foreach t in array array['article', 'article_change'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api
			using (municipality = any (loket.scope()) or (municipality is null and loket.scope() is not null))
			with check (municipality = any (loket.scope()) or (municipality is null and loket.scope() is not null))', t);
	end loop;
end $$;
grant select, insert, update, delete on article, article_change to loket_system;
grant select, insert, update on article to loket_api;
grant insert on article_change to loket_api;
