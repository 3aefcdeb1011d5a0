-- dispatch_withdraw: offers to agents who are not ready any more go back to the queue
-- $1 text lease holder, $2 bigint lease epoch
-- columns: the notices (offer.withdrawn, case.changed)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from fence
	 where o.state = 'made'
	   and not exists (select from loket.presence p where p.agent = o.agent and p.state = 'ready')
	returning o.id, o.case_id, o.agent, o.epoch, o.municipality),
back as (
	update loket.case_file c set state = 'queued' from ended e
	 where c.id = e.case_id and c.state = 'offered' and c.epoch = e.epoch
	returning c.id, c.municipality, c.product)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'left')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, 'queued', product, municipality, 'withdraw',
	                       'the agent went away: it waits on with its first arrival')
	  from back) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
