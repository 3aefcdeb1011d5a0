-- subscription_retry: events that were tried to the end are tried anew; those that wait are tried now
-- $1 uuid subscription, $2 text[] which (ids), null: all
-- columns: n
with which as (
	select id from loket.event
	 where subscription = $1 and state in ('dead', 'waiting') and ($2::text[] is null or id = any ($2::text[]::uuid[]))
	 for update skip locked),
again as (
	update loket.event e
	   set state = 'waiting', next_at = clock_timestamp(), attempts = case when e.state = 'dead' then 0 else e.attempts end
	  from which where e.id = which.id returning e.id)
select count(*) as n from again
