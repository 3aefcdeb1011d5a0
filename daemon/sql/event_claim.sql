-- event_claim: take events that are due; committed before anything is sent. An event waits for the earlier ones of
-- its case. Who does not answer well gets one at a time
-- $1 text this instance, $2 int how many, $3 int how many at once to one receiver
-- columns: id, subscription, municipality, notice, at, type, kind, subject, case_id, payload, attempts, url, secrets
-- (json)
with due as (
	select d.id from loket.subscription s cross join lateral (
		select e.id, e.next_at from loket.event e
		 where e.subscription = s.id and e.state = 'waiting' and e.next_at <= (select clock_timestamp())
		   and not exists (
			select from loket.event b
			 where b.subscription = e.subscription and b.about = e.about and b.state <> 'dead' and b.notice < e.notice)
		 order by e.next_at
		 limit greatest(0, case when s.failing_since is null then $3::int else 1 end
			- (select count(*) from loket.event h where h.subscription = s.id and h.state = 'sending'))
		   for update of e skip locked) d
	 where s.state = 'active' order by d.next_at limit $2::int),
mine as (
	update loket.event e set state = 'sending', holder = $1, next_at = clock_timestamp()
	  from due where e.id = due.id and e.state = 'waiting' returning e.*)
select m.id, m.subscription, m.municipality, m.notice, m.at, m.type, m.kind, m.subject, m.case_id, m.payload, m.attempts,
       s.url,
       (select json_agg(k.value order by k.until desc) from loket.subscription_secret k
         where k.subscription = s.id and (k.until is null or k.until > clock_timestamp())) as secrets
  from mine m join loket.subscription s on s.id = m.subscription order by m.notice
