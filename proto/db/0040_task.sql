-- 0040 a promise has a group or a person, a reminder, attempts to reach the citizen, an answer, a term of the law, and a logbook

set local search_path = loket;

alter table task
	add column kind text not null default 'contact', -- contact (contactverzoek) or callback (terugbelverzoek)
	add column team text,                  -- the group that does it; null: anybody of the department
	add column owner uuid,                 -- agent who does it; null: nobody took it yet
	add column remind_at timestamptz,      -- the owner is reminded
	add column look_at timestamptz,        -- when something is to be told of it; null: when it is due, infinity: nothing more
	add column attempts int not null default 0,
	add column last_result text,           -- of these: reached, notReached, voicemail or wrongNumber
	add column answer text,                -- for the citizen
	add column term jsonb,                 -- of the law (lib/core/term): kind, from, until, weeks, reason
	add column term_until timestamptz;     -- end of its last day

-- what happened to a task, and who did it
create table task_event (
	id bigint generated always as identity primary key,
	task uuid not null,
	municipality text not null,
	at timestamptz not null,
	kind text not null,                    -- made taken handed moved tried reminded late termOver extended done cancelled reopened
	agent uuid,                            -- who; null: a token without an agent, or the daemon itself
	detail jsonb not null default '{}'
);
create index task_event_task on task_event (task, id);

alter table task_event enable row level security;
alter table task_event force row level security;
create policy system on task_event to loket_system using (true) with check (true);
create policy scope on task_event to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on task_event to loket_system;
grant select, insert on task_event to loket_api;

-- what is told of a task: to its owner, leads and systems. Ids and states, never what it is about
create function task_told(id uuid, case_id uuid, state text, owner uuid, team text, late boolean, event text) returns jsonb
	language sql stable parallel safe as $$
	select jsonb_strip_nulls(jsonb_build_object('task', jsonb_build_object('id', id, 'state', state, 'owner', owner, 'team', team,
		'late', late), 'case', jsonb_build_object('id', case_id), 'event', event))
$$;
