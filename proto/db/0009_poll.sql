-- 0009 where we are in what we ask a provider for, and two channels more
--
-- One row for each inbox that is asked (lib/channel, poll). Whoever holds it asks; the cursor is stored after what came
-- with it, so a crash in between asks for the same page again, and the provider ids know it.

set local search_path = loket;

create table poll (
	inbox text primary key references inbox on delete cascade,
	cursor text,                           -- the provider's word for "up to here"; null: never asked
	holder text not null,                  -- instance
	until timestamptz not null,            -- then another instance may ask
	asked_at timestamptz                   -- when the last page was stored
);
alter table poll enable row level security;
alter table poll force row level security;
create policy system on poll to loket_system using (true) with check (true);
grant select, insert, update on poll to loket_system;

insert into channel (id, conversational, live, norm_s, wrapup_s, room) values
	('mastodon', false, false, 3600, 0, 3),
	('telegram', true, false, 14400, 0, 3)
on conflict do nothing;
