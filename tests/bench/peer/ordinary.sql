-- the tables of ordinary.js, in a database of their own
create table token (sha256 text primary key, name text not null, municipalities text[] not null);
create table case_file (
	id uuid primary key,
	municipality text not null,
	reference text not null unique,
	product text not null,
	inbox text not null,
	channel text not null,
	sender text not null,
	state text not null,
	opened_at timestamptz not null,
	due_at timestamptz not null,
	last_contact_at timestamptz not null,
	closed_at timestamptz,
	owner uuid
);
create unique index case_file_open on case_file (inbox, sender) where state <> 'closed';
create index case_file_queue on case_file (due_at) where state = 'queued';
create table contact (
	id uuid primary key,
	municipality text not null,
	inbox text not null,
	channel text not null,
	kind text not null,
	provider_id text not null,
	provider_time timestamptz,
	received_at timestamptz not null,
	case_id uuid not null references case_file,
	sender text not null,
	name text,
	text text,
	unique (inbox, provider_id)
);
create index contact_case on contact (case_id, received_at);
create table event (
	id bigint generated always as identity primary key,
	at timestamptz not null,
	municipality text not null,
	kind text not null,
	case_id uuid not null,
	payload jsonb not null
);
create index event_case on event (case_id);
create table access_log (
	id bigint generated always as identity primary key,
	at timestamptz not null default now(),
	municipality text not null,
	token text not null,
	action text not null,
	object uuid not null
);
