-- event_again: the receiver does not have it, as far as we know: later again, or not any more. Who is gone, or has
-- taken nothing for so long, is told nothing more
-- $1 uuid event, $2 text this instance, $3 int attempts as they were when it was claimed (a record that is repeated
-- must not undo a newer claim), $4 int seconds to wait, null: that was the last time, $5 text what went wrong, $6
-- bool the receiver says that it is gone for good, $7 int seconds of failing, $8 int events that nobody took, after
-- which nothing is sent any more
-- columns: the notice of a subscription that was disabled
with later as (
	update loket.event
	   set state = case when $4::int is null then 'dead' else 'waiting' end, holder = null, attempts = attempts + 1, error = $5,
	       next_at = clock_timestamp() + make_interval(secs => coalesce($4::int, 0))
	 where id = $1 and holder = $2 and state = 'sending' and attempts = $3::int returning subscription),
spent as (
	select s.id, $6::bool
	       or coalesce(s.failing_since < clock_timestamp() - make_interval(secs => $7::int), false)
	       or $4::int is null and $8::int <= (
			select count(*) from loket.event d where d.subscription = s.id and d.state = 'dead') as yes
	  from later l join loket.subscription s on s.id = l.subscription where s.state = 'active'),
hurt as (
	update loket.subscription s
	   set error = $5, failing_since = coalesce(s.failing_since, clock_timestamp()),
	       state = case when o.yes then 'disabled' else s.state end,
	       why = case when $6::bool then 'gone' when o.yes then 'failing' else s.why end
	  from spent o where s.id = o.id and s.state = 'active' returning s.*)
insert into loket.notice (at, municipality, kind, payload)
select clock_timestamp(), municipality, 'subscription.disabled',
       json_build_object('subscription', json_build_object('id', id, 'why', why))
  from hurt where state = 'disabled'
returning id, at, municipality, kind, case_id, agent, payload
