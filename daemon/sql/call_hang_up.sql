-- call_hang_up: a caller left before anybody answered: the case ends, unless somebody has it, another call of it goes
-- on, or it holds something written, which has to be answered all the same
-- $1 uuid call, $2 text[] states that a hang-up ends, $3 text why
-- columns: the notices (offer.withdrawn, case.changed)
with closed as (
	update loket.case_file k
	   set state = 'closed', outcome = 'unreachable', closed_at = clock_timestamp(), wanted_agent = null, wanted_team = null,
	       flags = array_append(array_remove(k.flags, 'abandoned'), 'abandoned')
	  from loket.call w
	 where w.id = $1 and w.state = 'ended' and w.outcome = 'abandoned' and k.id = w.case_id and k.state = any ($2::text[])
	   and not k.option0
	   and not exists (select from loket.call o where o.case_id = k.id and o.state <> 'ended')
	   and not exists (select from loket.contact c where c.case_id = k.id and c.direction = 'in' and c.kind <> 'call')
	returning k.id, k.municipality, k.product, k.outcome),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from closed where o.case_id = closed.id and o.state = 'made'
	returning o.id, o.case_id, o.agent, o.municipality)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'left')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, 'closed', product, municipality, 'hangUp', $3, outcome => outcome)
	  from closed) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
