-- dispatch_seen: signs of life of agents, on this instance
-- $1 uuid[] agents
-- columns: none
update loket.presence set seen_at = clock_timestamp() where agent = any ($1::uuid[])
