-- 0038 events out: who is told by a signed webhook what happens, and what is on its way to them
--
-- loket.notice is the queue: it is written with what happened. A subscription remembers how far it was looked through (seen), and
-- a few events of it are taken out at a time; what was delivered leaves no row.

set local search_path = loket;

create table subscription (
	id uuid primary key,
	municipality text not null references municipality,
	name text not null,
	url text not null,
	types text[] not null,                 -- each with everything below it
	state text not null default 'active' check (state in ('active', 'disabled')),
	why text,                              -- asked, gone, failing
	seen bigint not null,                  -- the last notice that was looked at
	failing_since timestamptz,             -- nothing was delivered since
	error text,                            -- of the last failure
	delivered_at timestamptz,              -- to the minute
	created_at timestamptz not null default clock_timestamp()
);
create index subscription_municipality on subscription (municipality);

create table subscription_secret (
	subscription uuid not null references subscription on delete cascade,
	value text not null,                   -- base64
	until timestamptz,                     -- the one before signs too, so long; null: the one now
	primary key (subscription, value)
);

create table event (
	id uuid primary key default gen_random_uuid(),
	subscription uuid not null references subscription on delete cascade,
	municipality text not null,
	notice bigint not null,
	at timestamptz not null,
	kind text not null,
	type text not null,
	subject text,                          -- the id of what it is about
	about text not null,                   -- what keeps its order: the case, else the subject
	case_id uuid,
	payload json not null,
	state text not null default 'waiting' check (state in ('waiting', 'sending', 'dead')),
	attempts int not null default 0,
	next_at timestamptz not null default clock_timestamp(),   -- when to send it; while held: since when
	holder text,                           -- instance that is sending
	error text,
	unique (subscription, notice)
);
create index event_about on event (subscription, about, notice) where state <> 'dead';   -- what stands before it
create index event_due on event (subscription, next_at) where state = 'waiting';
create index event_sending on event (next_at) where state = 'sending';
create index event_dead on event (subscription, id) where state = 'dead';
create index event_age on event (at);

alter table subscription enable row level security;
alter table subscription force row level security;
create policy system on subscription to loket_system using (true) with check (true);
create policy scope on subscription to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
alter table subscription_secret enable row level security;
alter table subscription_secret force row level security;
create policy system on subscription_secret to loket_system using (true) with check (true);
create policy scope on subscription_secret to loket_api
	using (exists (select from loket.subscription s where s.id = subscription))
	with check (exists (select from loket.subscription s where s.id = subscription));
alter table event enable row level security;
alter table event force row level security;
create policy system on event to loket_system using (true) with check (true);
create policy scope on event to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on subscription, subscription_secret, event to loket_system;
grant select, insert, update, delete on subscription to loket_api;
grant select (subscription, until), insert, update (until), delete on subscription_secret to loket_api;
grant select, update on event to loket_api;
-- where to begin: what was said before is not told
grant select on sequence notice_id_seq to loket_api, loket_system;
