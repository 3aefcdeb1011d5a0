-- call_hang_up: a caller left before anybody answered: the case ends, also in the hands of who was to take the call. Not
-- when another call of it goes on or was answered since it came, when it holds something written, which has to be answered
-- all the same, or when somebody calls back
-- $1 uuid call, $2 text[] states that a hang-up ends, $3 text why
-- columns: the notices (offer.withdrawn, case.changed)
with left_ as (
	select k.id, k.owner
	  from loket.call w join loket.case_file k on k.id = w.case_id
	 where w.id = $1 and w.state = 'ended' and w.outcome = 'abandoned' and k.state = any ($2::text[])
	   and not exists (select from loket.callback b where b.case_id = k.id and b.state = 'open')
	   and not exists (select from loket.contact c left join loket.call o on o.id = c.id
	                    where c.case_id = k.id and c.direction = 'in'
	                      and (c.kind <> 'call' or o.id is null or o.state <> 'ended'
	                           or o.outcome = 'answered' and c.received_at >= k.arrived_at))
	for update of k),
closed as (
	update loket.case_file k
	   set state = 'closed', outcome = 'unreachable', closed_at = clock_timestamp(), owner = null, wanted_agent = null,
	       wanted_team = null, flags = array_append(array_remove(k.flags, 'abandoned'), 'abandoned')
	  from left_ l where k.id = l.id
	returning k.id, k.municipality, k.product, k.outcome, l.owner),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from closed where o.case_id = closed.id and o.state = 'made'
	returning o.id, o.case_id, o.agent, o.municipality),
unhelped as (
	update loket.help_request h set ended_at = clock_timestamp()
	  from closed where h.case_id = closed.id and h.ended_at is null)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, owner,
	       loket.case_told(id, 'closed', product, municipality, 'hangUp', $3, outcome => outcome)
	  from closed) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
