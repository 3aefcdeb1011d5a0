-- call_forgotten: calls of which nothing was heard for long end by rule; calls with events that are not counted yet; and
-- callers who have been in the menu for too long
-- $1 int seconds of silence, $2 int hours to look back, $3 int how many at most, $4 int seconds in the menu
-- columns: call
with silent as (
	insert into loket.call_event (call, event_id, municipality, kind, at, received_at, reason)
	select id, 'loket:silent', municipality, 'ended', seen_at, clock_timestamp(), 'silent'
	  from loket.call where state <> 'ended' and seen_at < clock_timestamp() - make_interval(secs => $1)
	 order by seen_at limit $3
	on conflict do nothing
	returning call)
select call from silent
union
(select r.call
   from (select distinct call from loket.call_event
          where received_at between (select clock_timestamp() - make_interval(hours => $2))
                                and (select clock_timestamp() - interval '2 s')) r
   left join loket.call w on w.id = r.call
  where (select count(*) from loket.call_event e where e.call = r.call) > coalesce(w.n_events, 0)
  limit $3)
union
(select w.id from loket.call w join loket.case_file k on k.id = w.case_id
  where w.state in ('ringing', 'menu') and w.queued_at is null and k.state = 'scheduled'
    and w.heard_at < clock_timestamp() - make_interval(secs => $4)
  limit $3)
