-- event_lost: events that an instance was sending that is gone, or that this one claimed without ever learning it:
-- they wait again. The receiver may get them twice
-- $1 text this instance, $2 uuid[] those it really is sending, $3 int seconds after which any holder is taken for
-- gone
-- columns: n
with gone as (
	select e.id from loket.event e
	 where e.state = 'sending'
	   and (e.next_at < clock_timestamp() - make_interval(secs => $3::int) and (e.holder <> $1 or e.id <> all ($2::uuid[]))
	        or e.holder <> $1 and not exists (select from pg_stat_activity a where a.application_name = 'loketd ' || e.holder))
	 for update skip locked),
lost as (
	update loket.event e set state = 'waiting', holder = null, next_at = clock_timestamp()
	  from gone where e.id = gone.id returning e.id)
select count(*) as n from lost
