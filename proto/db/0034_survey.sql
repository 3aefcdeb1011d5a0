-- 0034 the short questions after a contact: asked once, answered once; what leads back to a person goes with time
-- contract 0029: a check that now allows one word more; who knows only the old ones writes only those

set local search_path = loket;

create table survey (
	id uuid primary key,
	municipality text not null,
	case_id uuid not null unique,          -- one for each case
	party uuid,
	product text not null,
	channel text not null,
	-- planned: a link goes out at due_at, unless something is against it (why); offered: it did; answered: by the link, or
	-- as an agent typed it in
	state text not null check (state in ('planned', 'skipped', 'offered', 'answered')),
	why text,
	by_agent uuid,                         -- who typed it in; null: the citizen
	due_at timestamptz,
	offered_at timestamptz,
	expires_at timestamptz,
	token_sha256 bytea unique check (length(token_sha256) = 32),
	answered_at timestamptz,
	grade int check (grade between 1 and 10),
	speed int check (speed between 1 and 5),
	felt_helped int check (felt_helped between 1 and 5),
	ease int check (ease between 1 and 5),
	solved boolean,
	text text,                             -- BSN and IBAN masked; null after keepDays
	task uuid                              -- that calls them back
);
create index survey_planned on survey (due_at) where state = 'planned';
create index survey_party on survey (party, offered_at) where state in ('offered', 'answered');
create index survey_text on survey (municipality, answered_at) where text is not null;
create index survey_offered on survey (offered_at) where state in ('offered', 'answered');

alter table survey enable row level security;
alter table survey force row level security;
create policy system on survey to loket_system using (true) with check (true);
create policy scope on survey to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on survey to loket_system;
grant select, insert, update on survey to loket_api;
grant insert on opt_out to loket_api;

alter table automatic drop constraint automatic_kind_check,
	add constraint automatic_kind_check check (kind in ('menu', 'promise', 'preference', 'survey')) not valid;
