-- the tables of tuned.js: nothing that can be looked up, no foreign keys, no index that these requests can do without
create table token (sha256 text primary key, name text not null, municipalities text[] not null);
create table inbox (id text primary key, municipality text not null, channel text not null);
insert into inbox values ('dordrecht-whatsapp', 'dordrecht', 'whatsapp');
create table case_file (
	id bigint generated always as identity primary key,
	reference text not null,
	product text not null,
	inbox text not null,
	sender text not null,
	state text not null,
	opened_at timestamptz not null,
	due_at timestamptz not null,
	last_contact_at timestamptz not null,
	closed_at timestamptz,
	owner uuid
) with (fillfactor = 80);
create unique index case_file_open on case_file (sender, inbox) where state <> 'closed';
create table contact (
	provider_id text not null,
	inbox text not null,
	kind text not null,
	provider_time timestamptz,
	received_at timestamptz not null,
	case_id bigint not null,
	name text,
	text text,
	primary key (provider_id, inbox)
);
create index contact_case on contact (case_id);
create table event (
	id bigint generated always as identity,
	at timestamptz not null,
	kind text not null,
	case_id bigint not null,
	contact text not null
);
create index event_case on event (case_id);
create table access_log (
	at timestamptz not null default now(),
	municipality text not null,
	token text not null,
	action text not null,
	object bigint not null
);
