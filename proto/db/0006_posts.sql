-- 0006 posts: what citizens say where everybody reads it waits for the webcare team
--
-- A public contact belongs to a case like any other; the case is in state 'triage' as long as a post of it waits or is
-- claimed, and is not in the queue then. Comments of one person under one root post are one case: case_file.post is
-- the provider's id of that root post, null for a private conversation.

set local search_path = loket;

alter table case_file drop constraint case_file_state_check;
alter table case_file add constraint case_file_state_check
	check (state in ('queued', 'offered', 'assigned', 'triage', 'closed'));
alter table case_file add column post text;

create table post (
	id uuid primary key,                   -- that of its contact, which holds what was said and by whom
	municipality text not null,
	inbox text not null,
	channel text not null,
	case_id uuid not null,
	at timestamptz not null,               -- when it came in
	state text not null check (state in ('waiting', 'claimed', 'done')),
	claimed_by uuid,                       -- agent; only while claimed
	claimed_until timestamptz,             -- then it waits again; null: something was done with it, it stays theirs
	actions text[] not null default '{}',  -- what was done with it: answer, private, department, like
	outcome text check (outcome in ('case', 'solved', 'promised', 'referred', 'unreachable', 'spam', 'notForUs')),
	done_at timestamptz,
	done_by uuid,
	check ((state = 'claimed') = (claimed_by is not null)),
	check ((state = 'done') = (outcome is not null)),
	check ((state = 'done') = (done_at is not null))
);
create index post_open on post (id) where state <> 'done';
create index post_case on post (case_id);

alter table post enable row level security;
alter table post force row level security;
create policy system on post to loket_system using (true) with check (true);
create policy scope on post to loket_api using (municipality = any (loket.scope()))
	with check (municipality = any (loket.scope()));
grant select, insert, update, delete on post to loket_system;
grant select, update on post to loket_api;

-- edits and deletions may come before what they are about (daemon/sql/intake_post_change.sql)
create index contact_changes on contact (inbox, reply_to) where kind in ('edit', 'delete');
