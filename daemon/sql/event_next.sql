-- event_next: when to look again
-- columns: ms until the first waiting event is due; null when nothing waits
select (extract(epoch from min(d.next_at) - clock_timestamp()) * 1000)::bigint as ms
  from loket.subscription s cross join lateral (
	select e.next_at from loket.event e where e.subscription = s.id and e.state = 'waiting' order by e.next_at limit 1) d
 where s.state = 'active'
