-- dispatch_stuck: loose ends (sweep): cases that are offered to nobody, or owned by somebody who works here no more,
-- or by somebody who is offline and has not been seen for twenty times as long as it takes to be lost, wait again;
-- offers of cases that are not on offer end
-- $1 text lease holder, $2 bigint lease epoch, $3 int seconds without a sign of life after which an agent is lost
-- columns: the notices (offer.withdrawn, case.changed)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from fence
	 where o.state = 'made'
	   and not exists (select from loket.case_file c
	                    where c.id = o.case_id and c.state = 'offered' and c.epoch = o.epoch)
	returning o.id, o.case_id, o.agent, o.municipality),
back as (
	update loket.case_file c set state = 'queued'
	  from fence
	 where c.state = 'offered'
	   and not exists (select from loket.offer o
	                    where o.case_id = c.id and o.state = 'made' and o.epoch = c.epoch)
	returning c.id, c.municipality, c.product),
left_behind as (
	update loket.case_file c set state = 'queued', owner = null, epoch = c.epoch + 1
	  from fence cross join loket.agent a left join loket.presence p on p.agent = a.id
	 where c.owner = a.id and c.state = 'assigned'
	   and (not a.enabled
	        or coalesce(p.state, 'offline') = 'offline'
	           and coalesce(p.seen_at, c.last_contact_at) < clock_timestamp() - make_interval(secs => 20 * $3::int))
	returning c.id, c.municipality, c.product)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, 'queued', product, municipality, 'withdraw', 'found by the sweep: it was offered to nobody')
	  from back
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, 'queued', product, municipality, 'lost', 'the owner vanished: somebody else goes on')
	  from left_behind) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
