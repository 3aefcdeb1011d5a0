-- 0019 telephone: calls, promises to call back, help by people, and what the daemon says by itself
--
-- A call is a contact of kind 'call'; what happened to it are rows of call_event, in any order, each once. The row
-- in call is their sum (lib/core/call), so it can be made again from them at any time. A case in state 'scheduled' is open,
-- in nobody's hands and not in the queue: it waits for the moment that its call-back names.

set local search_path = loket;

alter table case_file drop constraint case_file_state_check;
alter table case_file add constraint case_file_state_check
	check (state in ('queued', 'offered', 'assigned', 'triage', 'scheduled', 'closed'));
alter table case_file add column promised_at timestamptz;   -- what the citizen was told: before then a person answers or calls

alter table agent add column extension text                 -- where a call for the agent rings: a number or SIP address
	check (length(extension) between 1 and 200);

create table call (
	id uuid primary key,                   -- that of its contact, which has the number and the case
	municipality text not null,
	inbox text not null,
	provider_id text not null,             -- of the exchange
	case_id uuid not null,
	state text not null default 'ringing' check (state in ('ringing', 'menu', 'waiting', 'talking', 'ended')),
	outcome text check (outcome in ('answered', 'abandoned', 'calledBack', 'promised')),
	menu text not null default '',         -- the keys that led to where the caller stands in the menu
	language text,
	started_at timestamptz not null,
	queued_at timestamptz,                 -- the wait for a person began
	answered_at timestamptz,
	ended_at timestamptz,
	held_s int not null default 0,
	agent uuid,                            -- who talks, or talked last
	n_events int not null default 0,       -- of call_event that this row is the sum of
	told_wait_s int,                       -- what the caller was told when the wait began, …
	told_basis text,                       -- … and what that rests on
	seen_at timestamptz not null,          -- last sign of life from the exchange
	unique (inbox, provider_id),
	check ((state = 'ended') = (outcome is not null)),
	check ((state = 'ended') = (ended_at is not null))
);
create index call_open on call (seen_at) where state <> 'ended';
create index call_case on call (case_id);

create table call_event (
	call uuid not null,
	event_id text not null,                -- what makes two the same
	municipality text not null,
	kind text not null,
	at timestamptz not null,               -- by the exchange's clock
	received_at timestamptz not null,
	key text,                              -- pressed
	agent uuid,
	reason text,
	primary key (call, event_id)
);

create index call_event_received on call_event (received_at);

create table callback (
	id uuid primary key,
	municipality text not null,
	case_id uuid not null,
	call uuid,                             -- during which it was asked or promised
	to_kind text not null,
	to_value text not null,
	reason text not null check (reason in ('asked', 'noCoach', 'nobody', 'closed', 'abandoned')),
	not_before timestamptz not null,       -- the window that suits the citizen, or the next attempt
	due boolean not null default false,    -- that moment has come, and was acted on
	promised_at timestamptz not null,      -- told to the citizen: before then
	attempts int not null default 0,
	last_result text,
	state text not null default 'open' check (state in ('open', 'reached', 'unreachable', 'cancelled')),
	created_at timestamptz not null,
	created_by uuid,                       -- agent; null: the citizen, or a rule
	ended_at timestamptz,
	check ((state = 'open') = (ended_at is null))
);
create unique index callback_one on callback (case_id) where state = 'open';
create index callback_due on callback (not_before) where state = 'open' and not due;
create index callback_case on callback (case_id);

create table help_request (
	id uuid primary key,
	municipality text not null,
	case_id uuid not null,
	party uuid,
	channel text not null,
	product text not null,
	page text,                             -- where it went wrong: of a web page or form
	step text,
	language text,
	asked_by text not null check (asked_by in ('key', 'text', 'form', 'button', 'bot', 'agent')),
	preference text check (preference in ('now', 'callback', 'counter')),   -- null: not said yet
	asked_at timestamptz not null,
	promised_at timestamptz,
	helped_at timestamptz,                 -- a coach took it
	coach uuid,
	consent_at timestamptz,                -- the citizen agreed that the coach does it for them
	outcome text check (outcome in ('doneTogether', 'doneForThem', 'learnedIt', 'appointment', 'referredToCourse',
	                                'notPossible')),
	ended_at timestamptz,
	check (outcome is null or ended_at is not null)
);
create unique index help_request_one on help_request (case_id) where ended_at is null;
create index help_request_when on help_request (municipality, asked_at);
create index help_request_case on help_request (case_id, asked_at);
create index help_request_party on help_request (party, product, asked_at);   -- who came back

-- what is said without a person: written with the reason for it, sent by daemon/automatic
create table automatic (
	id uuid primary key,                   -- also that of the contact it becomes
	municipality text not null,
	case_id uuid not null,
	kind text not null check (kind in ('menu', 'promise', 'preference')),
	n int not null default 0,              -- so that each is said once
	payload jsonb not null,
	state text not null default 'queued' check (state in ('queued', 'said', 'refused')),
	why text,                              -- it was refused
	at timestamptz not null,
	unique (case_id, kind, n),
	check (n = 0 or kind = 'menu')         -- one promise and one preference in a case
);
create index automatic_queued on automatic (id) where state = 'queued';

do $$
declare t text;
begin
	foreach t in array array['call', 'call_event', 'callback', 'help_request', 'automatic'] loop
		execute format('alter table loket.%I enable row level security', t);
		execute format('alter table loket.%I force row level security', t);
		execute format('create policy system on loket.%I to loket_system using (true) with check (true)', t);
		execute format('create policy scope on loket.%I to loket_api using (municipality = any (loket.scope()))
			with check (municipality = any (loket.scope()))', t);
		execute format('grant select, insert, update, delete on loket.%I to loket_system', t);
		execute format('grant select, insert, update on loket.%I to loket_api', t);
	end loop;
end $$;
