-- 0025 calls: when we heard of them first, and what the expected wait that was told rests on

set local search_path = loket;
alter table call add column heard_at timestamptz not null default clock_timestamp(),
	add column told_ahead int,             -- callers before this one, …
	add column told_plain_ms int;         -- … and the wait by queue, agents and handling time alone (lib/core/expect)
