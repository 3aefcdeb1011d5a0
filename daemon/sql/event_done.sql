-- event_done: the receiver has it
-- $1 uuid event, $2 uuid subscription
-- columns: none
with gone as (delete from loket.event where id = $1)
update loket.subscription set failing_since = null, error = null, delivered_at = clock_timestamp()
 where id = $2 and (failing_since is not null or delivered_at is null or delivered_at < clock_timestamp() - interval '1 minute')
