-- help_promise: before then a person answers or calls: kept with the case, unless something else was promised meanwhile, and
-- with the request
-- $1 uuid case, $2 timestamptz the time, $3 bool only when a call-back was made with it
with promised as (
	update loket.case_file c set promised_at = $2::timestamptz, due_at = least(c.due_at, $2::timestamptz)
	 where c.id = $1 and c.state <> 'closed'
	   and (c.promised_at is null or c.promised_at < clock_timestamp() or c.promised_at = $2::timestamptz)
	   and (not $3::bool or exists (select from loket.callback k
	                                 where k.case_id = c.id and k.state = 'open' and k.promised_at = $2::timestamptz))
	returning c.id)
update loket.help_request h set promised_at = $2::timestamptz from promised p where h.case_id = p.id and h.ended_at is null
