-- 0037 posts: what they are about and how they sound, proposed and corrected; the protocol's steps; who did what

set local search_path = loket;

alter table post
	add column theme text,
	add column area text,
	add column sentiment text,              -- positive, neutral or negative
	add column tags text[] not null default '{}',
	add column because jsonb,               -- the words that the rule went by; null: nothing was proposed yet
	add column labelled_by uuid,            -- agent who corrected it last; null: the rule
	add column protocol jsonb not null default '[]';   -- steps taken: [{"step", "answer"}]

-- who did what with a post, and when; append only
create table post_log (
	id bigint generated always as identity primary key,
	post uuid not null,
	municipality text not null,
	at timestamptz not null default clock_timestamp(),
	agent uuid,
	action text not null,
	detail jsonb                           -- ids and words of the contract, no text of anybody
);
create index post_log_post on post_log (post, id);

alter table post_log enable row level security;
alter table post_log force row level security;
create policy system on post_log to loket_system using (true) with check (true);
create policy scope on post_log to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on post_log to loket_system;
grant select, insert on post_log to loket_api;

-- these as the contract has them, once for every statement that shows a post
create function post_labels(theme text, area text, sentiment text, tags text[], because jsonb, labelled_by uuid) returns jsonb
	language sql stable parallel safe as $$
	select jsonb_strip_nulls(jsonb_build_object('theme', theme, 'area', area, 'sentiment', sentiment, 'tags', to_jsonb(tags),
		'by', case when labelled_by is not null then 'person' when because is not null then 'rule' end, 'because', because))
$$;
