-- 0027 a decision with all that it takes to make it again: loketd --replay, lib/core/replay

set local search_path = loket;

alter table routing add column log jsonb;   -- null: from before this
-- rows come in the order of time, so a small index finds a day
create index routing_at on routing using brin (at);
