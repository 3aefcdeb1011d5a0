-- 0010 attachments: fetched, looked at, scanned; the bytes are files below state_dir
--
-- contact.attachments is what the channel gave, and stays so; a row here says what became of each. Who reads a contact
-- gets both as one (attachments_of). A message that was taken back loses its attachments, and their rows with them.

set local search_path = loket;

create table attachment (
	id uuid primary key,
	municipality text not null,
	contact uuid not null,
	inbox text not null,
	provider_ref text,                     -- what to fetch it with; null: it came with the post
	kind text not null,
	media_type text,                       -- as claimed
	name text,                             -- as claimed
	found_type text,                       -- as libmagic sees it
	bytes bigint,
	sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
	state text not null check (state in ('pending', 'fetching', 'quarantined', 'stored', 'refused', 'failed')),
	why text,                              -- what went wrong, or is being waited for; our own words
	attempts int not null default 0,
	next_at timestamptz not null default clock_timestamp(),   -- when to work on it; while held: since when
	holder text                            -- instance that works on it
);
create index attachment_contact on attachment (contact);
create index attachment_due on attachment (next_at) where state in ('pending', 'fetching', 'quarantined');
create index attachment_sha256 on attachment (sha256);   -- sweep: does anybody still need this file?

alter table attachment enable row level security;
alter table attachment force row level security;
create policy system on attachment to loket_system using (true) with check (true);
create policy scope on attachment to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on attachment to loket_system;
grant select, update on attachment to loket_api;

-- the attachments of a contact as the contract has them: what was given, and on top what became of it
create function attachments_of(of_contact uuid, given jsonb) returns jsonb language sql stable parallel safe as $$
	select case when given = '[]' then given else coalesce((
		select jsonb_agg(case when a.id is null then g.one - 'providerRef'
		                 else (g.one - 'providerRef') || jsonb_strip_nulls(jsonb_build_object('state', a.state, 'why', a.why,
		                      'mediaType', coalesce(a.found_type, a.media_type), 'bytes', a.bytes, 'sha256', a.sha256)) end
		                 order by g.n)
		  from jsonb_array_elements(given) with ordinality g (one, n)
		  left join loket.attachment a on a.contact = of_contact and a.id::text = g.one ->> 'id'), '[]') end
$$;

create function attachments_gone() returns trigger language plpgsql as
	$$ begin delete from loket.attachment where contact = new.id; return null; end $$;
create trigger attachments_gone after update of attachments on contact for each row
	when (new.attachments = '[]' and old.attachments <> '[]') execute function attachments_gone();

-- what came before there was this table: files of forms, kept without a look, and media that nobody fetched. The rows of
-- all municipalities: the owner looks past the policies for as long as this takes
alter table contact no force row level security;
alter table attachment no force row level security;
update contact set attachments = (
	select jsonb_agg(case when g.one ->> 'state' = 'pending'
	                 then g.one || jsonb_build_object('id', gen_random_uuid(), 'providerRef',
	                                                  coalesce(g.one ->> 'providerRef', g.one ->> 'id')) else g.one end
	                 order by g.n)
	  from jsonb_array_elements(attachments) with ordinality g (one, n))
 where attachments @> '[{"state": "pending"}]';
insert into attachment (id, municipality, contact, inbox, provider_ref, kind, media_type, name, bytes, sha256, state)
select (g ->> 'id')::uuid, c.municipality, c.id, c.inbox, g ->> 'providerRef', g ->> 'kind', g ->> 'mediaType',
	g ->> 'name', (g ->> 'bytes')::bigint, case when g ->> 'state' = 'stored' then g ->> 'sha256' end,
	case g ->> 'state' when 'stored' then 'quarantined' else 'pending' end
  from contact c, jsonb_array_elements(c.attachments) g
 where g ->> 'state' in ('pending', 'stored')
   and g ->> 'id' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
alter table contact force row level security;
alter table attachment force row level security;
