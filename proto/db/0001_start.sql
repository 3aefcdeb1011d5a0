-- 0001 the first schema
--
-- Roles (made by whoever owns the cluster, see config/roles.sql): the owner of this database runs
-- migrations only; loket_system does the daemon's own work for all municipalities; loket_api does what a
-- token asked for and sees only rows of the municipalities in loket.scope.
--
-- Hot tables (raw, contact, case_file, party, address, notice) have no foreign keys: each would cost a look-up
-- per row in the intake batch (10-15 us of server time each). Their integrity is written in one place, in one
-- transaction (daemon/intake.c), and checked by GET /v1/ledger and tests/it/test_integrity.py.

create schema loket;
set local search_path = loket;

-- the municipalities of the token that this transaction works for; nothing when not set
create function scope() returns text[] language sql stable parallel safe as
	$$ select string_to_array(nullif(current_setting('loket.scope', true), ''), ',') $$;

-- ---------------------------------------------------------------- set-up

create table municipality (
	id text primary key check (id ~ '^[a-z0-9-]{1,60}$'),
	region text not null,
	name text not null,
	settings jsonb not null default '{}'   -- {"norms": {"whatsapp": 14400}, …} overrides norm
);

create table product (
	id text primary key check (id ~ '^[a-z0-9-]{1,80}$'),
	name text not null
);

-- a word in a message that points to a product; municipality null: the whole region
create table product_word (
	id bigint generated always as identity primary key,
	municipality text references municipality,
	word text not null,                    -- lower case, without accents
	product text not null references product,
	unique nulls not distinct (municipality, word)
);

create table channel (
	id text primary key,
	conversational boolean not null,       -- messages belong together (WhatsApp), or are separate questions (form)
	live boolean not null,                 -- somebody is on the line
	norm_s int not null,                   -- how long a case may wait before it is late
	wrapup_s int not null default 0,
	room int not null default 3            -- how many an agent has at once, unless the agent's own says otherwise
);

create table inbox (
	id text primary key check (id ~ '^[a-z0-9-]{1,80}$'),
	municipality text not null references municipality,
	channel text not null references channel,
	account text,
	product text references product,       -- default product
	settings jsonb not null default '{}',
	enabled boolean not null default true
);

create table inbox_secret (
	inbox text not null references inbox on delete cascade,
	kind text not null check (kind in ('secret', 'verify', 'token')),
	n int not null default 0,              -- two of one kind during a rotation
	value text not null check (length(value) between 8 and 500),
	primary key (inbox, kind, n)
);

create table team (id text primary key, name text not null);

create table agent (
	id uuid primary key,
	name text not null,
	role text not null check (role in ('agent', 'coach', 'webcare', 'lead')),
	municipalities text[] not null,
	products text[] not null,
	languages text[] not null default '{nl}',
	channels text[] not null,
	teams text[] not null default '{}',
	room jsonb not null default '{}',      -- {"whatsapp": 3}
	room_total int not null default 4,
	enabled boolean not null default true
);

create table token (
	id uuid primary key,
	sha256 bytea not null unique check (length(sha256) = 32),
	name text not null,
	role text not null check (role in ('agent', 'coach', 'webcare', 'lead', 'integration', 'admin')),
	agent uuid references agent,
	municipalities text[] not null,
	sees_bsn boolean not null default false,
	sees_raw boolean not null default false,
	created_at timestamptz not null default now(),
	expires_at timestamptz,
	revoked_at timestamptz
);

-- one row: goes up with every change of the tables above
create table world_version (version bigint not null);
insert into world_version values (1);
create function world_changed() returns trigger language plpgsql as
	$$ begin update loket.world_version set version = version + 1; return null; end $$;

-- ---------------------------------------------------------------- who

create table party (
	id uuid primary key,
	municipality text not null,
	name text,
	language text,
	created_at timestamptz not null default now()
);

create table address (
	municipality text not null,
	kind text not null,
	value text not null,
	party uuid not null,
	created_at timestamptz not null default now(),
	primary key (municipality, kind, value)
);
create index address_party on address (party);

-- ---------------------------------------------------------------- cases and contacts

create table case_file (
	id uuid primary key,
	municipality text not null,
	reference text not null unique,
	product text not null,
	party uuid,
	inbox text not null,                   -- where the conversation is; replies go there
	channel text not null,
	language text not null default 'nl',
	state text not null check (state in ('queued', 'offered', 'assigned', 'closed')),
	outcome text check (outcome in ('solved', 'promised', 'referred', 'unreachable', 'spam', 'notForUs')),
	flags text[] not null default '{}',
	option0 boolean not null default false,
	opened_at timestamptz not null,
	arrived_at timestamptz not null,       -- start of the wait that is going on; kept over declined offers
	due_at timestamptz not null,           -- arrived_at + norm: the order of the queue
	last_contact_at timestamptz not null,
	closed_at timestamptz,
	owner uuid,                            -- agent; only while assigned
	epoch bigint not null default 0,       -- goes up with every offer and every take-over: a stale writer is refused
	wanted_agent uuid,                     -- asked for by a transfer, or who knows the case
	wanted_team text,
	transfers int not null default 0,
	reopened int not null default 0,
	merged_into uuid,
	check ((state = 'assigned') = (owner is not null)),
	check ((state = 'closed') = (closed_at is not null))
) with (fillfactor = 80);                 -- room for the next message of the case on the same page (HOT)
create index case_file_queued on case_file (due_at, id) where state = 'queued';
create index case_file_offered on case_file (id) where state = 'offered';
create index case_file_open on case_file (municipality, state) where state <> 'closed';
create index case_file_party on case_file (party);   -- without the time: a message must not touch every index (HOT)
create index case_file_owner on case_file (owner) where owner is not null;

create table raw (
	id uuid primary key,
	municipality text not null,
	inbox text not null,
	received_at timestamptz not null,
	content_type text,
	n_contacts int not null,               -- new contacts and dead letters in it: "received" of the ledger
	body bytea                             -- null once raw_keep_days are over
);

create table contact (
	id uuid primary key,
	municipality text not null,
	inbox text not null,
	channel text not null,
	direction text not null check (direction in ('in', 'out')),
	visibility text not null default 'private' check (visibility in ('private', 'public')),
	kind text not null,
	provider_id text,                      -- null only for our own replies until they are sent
	provider_time timestamptz,
	received_at timestamptz not null,
	case_id uuid,                          -- null only for system contacts of a party without a case
	party uuid,
	name text,                             -- as the provider gave it, then
	addresses jsonb not null default '[]',
	reply_to text,
	language text,
	text text,
	attachments jsonb not null default '[]',
	fields jsonb,
	flags text[] not null default '{}',
	delivery text check (delivery in ('queued', 'sending', 'uncertain', 'sent', 'delivered', 'read', 'failed')),
	delivery_at timestamptz,
	delivery_error text,
	agent uuid,                            -- who wrote it, when direction is out or typed in
	raw uuid
);
-- P2: one provider message is one contact
create unique index contact_provider on contact (inbox, provider_id) where provider_id is not null;
create index contact_case on contact (case_id, received_at);

-- what providers told about messages, also before we knew the message was ours
create table delivery_report (
	inbox text not null,
	provider_id text not null,
	status text not null,
	municipality text not null,
	at timestamptz not null,
	our_id uuid,
	error jsonb,
	primary key (inbox, provider_id, status)
);

create table dead_letter (
	id uuid primary key,
	municipality text not null,
	inbox text not null,
	raw uuid not null,
	at timestamptz not null,
	reason text not null,
	state text not null default 'open' check (state in ('open', 'solved')),
	attempts int not null default 0
);
create index dead_letter_open on dead_letter (at) where state = 'open';

create table note (
	id uuid primary key,
	municipality text not null,
	case_id uuid not null,
	agent uuid,
	at timestamptz not null,
	text text not null
);
create index note_case on note (case_id, at);

create table task (
	id uuid primary key,
	municipality text not null,
	case_id uuid not null,
	department text not null,
	action text not null,
	due timestamptz not null,
	note text,
	state text not null default 'open' check (state in ('open', 'done', 'cancelled')),
	created_by uuid,
	created_at timestamptz not null,
	done_at timestamptz
);
create index task_case on task (case_id);
create index task_open on task (municipality, due) where state = 'open';

-- ---------------------------------------------------------------- dispatch

create table presence (
	agent uuid primary key,
	municipalities text[] not null,        -- copy of the agent's, for row level security
	state text not null default 'offline' check (state in ('ready', 'away', 'offline')),
	reason text,
	channels text[],                       -- null: all the agent has
	since timestamptz not null,
	missed int not null default 0,         -- offers in a row that were not answered
	idle_since timestamptz not null,       -- since the last offer was taken or ended
	seen_at timestamptz not null default clock_timestamp()  -- last sign of life, on any instance
);

create table offer (
	id uuid primary key,
	case_id uuid not null,
	municipality text not null,
	agent uuid not null,
	epoch bigint not null,                 -- of the case, given with the offer
	channel text not null,
	state text not null check (state in ('made', 'accepted', 'declined', 'expired', 'withdrawn')),
	made_at timestamptz not null,
	expires_at timestamptz not null,
	ended_at timestamptz,
	reason text                            -- of a decline, in the agent's words
);
create index offer_made on offer (expires_at) where state = 'made';
create index offer_agent on offer (agent) where state = 'made';
create index offer_case on offer (case_id, made_at);
create unique index offer_one on offer (case_id) where state = 'made';

-- an agent's slot that is still in use after the case closed
create table wrapup (
	agent uuid not null,
	case_id uuid not null,
	municipality text not null,
	channel text not null,
	until timestamptz not null,
	primary key (agent, case_id)
);

create table routing (
	id bigint generated always as identity primary key,
	case_id uuid not null,
	municipality text not null,
	at timestamptz not null,
	policy text not null,
	rule text not null,
	chosen uuid,
	n_considered int not null,
	candidates jsonb not null,
	left_out jsonb not null
);
create index routing_case on routing (case_id, at);

create table lease (
	name text primary key,
	holder text not null,
	epoch bigint not null,
	until timestamptz not null
);

-- ---------------------------------------------------------------- telling, sending, recording

create table notice (
	id bigint generated always as identity primary key,
	at timestamptz not null,
	municipality text not null,
	kind text not null,
	case_id uuid,
	agent uuid,
	payload jsonb not null
);
create index notice_case on notice (case_id) where case_id is not null;

create table outbox (
	contact uuid primary key,
	municipality text not null,
	inbox text not null,
	case_id uuid not null,
	state text not null default 'queued' check (state in ('queued', 'sending', 'done')),
	attempts int not null default 0,
	next_at timestamptz not null,
	holder text,                           -- instance that is sending
	to_kind text not null,
	to_value text not null,
	template jsonb
);
create index outbox_due on outbox (next_at) where state = 'queued';
create index outbox_sending on outbox (next_at) where state = 'sending';
create index outbox_case on outbox (case_id) where state <> 'done';

create table idempotency (
	token uuid not null,
	key text not null check (length(key) between 1 and 200),
	municipality text,                     -- null: only the token check protects it
	body_sha256 bytea not null,
	status int,                            -- null: still running
	answer text,
	started_at timestamptz not null default now(),
	primary key (token, key)
);

-- P10; append only
create table access_log (
	id bigint generated always as identity primary key,
	at timestamptz not null default clock_timestamp(),
	municipality text not null,
	token uuid not null,
	agent uuid,
	action text not null,
	object_kind text not null,
	object_id text not null,
	origin text
);

-- ---------------------------------------------------------------- rights

do $$
declare t text;
begin
	foreach t in array array['municipality', 'product', 'product_word', 'channel', 'inbox', 'inbox_secret', 'team',
	                         'agent', 'token'] loop
		execute format('create trigger world_changed after insert or update or delete or truncate on loket.%I
			for each statement execute function loket.world_changed()', t);
	end loop;
	-- rows of one municipality
	foreach t in array array['party', 'address', 'case_file', 'raw', 'contact', 'delivery_report', 'dead_letter',
	                         'note', 'task', 'offer', 'wrapup', 'routing', 'notice', 'outbox', 'access_log',
	                         'inbox'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api using (municipality = any (loket.scope()))
			with check (municipality = any (loket.scope()))', t);
	end loop;
	-- rows of people who work for several
	foreach t in array array['agent', 'presence', 'token'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api using (municipalities && loket.scope())
			with check (municipalities <@ loket.scope())', t);
	end loop;
end $$;

-- an agent's own presence may be written by a token with fewer municipalities than the agent has
create policy own on presence to loket_api using (agent::text = current_setting('loket.agent', true))
	with check (agent::text = current_setting('loket.agent', true));

-- a municipality is seen by who works for it; a word of nobody in particular belongs to the region
alter table municipality enable row level security;
alter table municipality force row level security;
create policy system on municipality to loket_system using (true) with check (true);
create policy scope on municipality to loket_api using (id = any (loket.scope())) with check (id = any (loket.scope()));
alter table product_word enable row level security;
alter table product_word force row level security;
create policy system on product_word to loket_system using (true) with check (true);
create policy scope on product_word to loket_api
	using (municipality is null or municipality = any (loket.scope()))
	with check (municipality is null or municipality = any (loket.scope()));

alter table inbox_secret enable row level security;
alter table inbox_secret force row level security;
create policy system on inbox_secret to loket_system using (true) with check (true);
create policy scope on inbox_secret to loket_api
	using (exists (select from loket.inbox i where i.id = inbox))
	with check (exists (select from loket.inbox i where i.id = inbox));
alter table idempotency enable row level security;
alter table idempotency force row level security;
create policy system on idempotency to loket_system using (true) with check (true);
create policy own on idempotency to loket_api using (token::text = current_setting('loket.token', true))
	with check (token::text = current_setting('loket.token', true));

grant usage on schema loket to loket_system, loket_api;
grant select, insert, update, delete on all tables in schema loket to loket_system;
grant select on municipality, product, product_word, channel, inbox, team, agent, presence, party, address, case_file,
	raw, contact, delivery_report, dead_letter, note, task, offer, wrapup, routing, notice, outbox, idempotency
	to loket_api;
grant select (id, name, role, agent, municipalities, sees_bsn, sees_raw, created_at, expires_at, revoked_at)
	on token to loket_api;
grant select (inbox, kind, n) on inbox_secret to loket_api;
grant insert on party, address, contact, note, task, notice, outbox, routing, wrapup, idempotency, access_log, presence,
	raw, case_file, token, agent, inbox, inbox_secret, product, product_word,
	municipality to loket_api;
grant update on party, case_file, contact, task, offer, presence, dead_letter, idempotency, agent, inbox, product,
	municipality to loket_api;
grant update (revoked_at) on token to loket_api;
grant update (norm_s) on channel to loket_api;
grant delete on wrapup, product_word, inbox_secret, idempotency to loket_api;
grant update on world_version, wrapup to loket_api;
grant select on world_version to loket_api;
