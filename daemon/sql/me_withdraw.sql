-- me_withdraw: an agent who is not ready any more gives back what was offered; what is owned stays
-- $1 uuid agent, $2 text state that was just set
-- columns: the notices (offer.withdrawn, case.changed)
with ended as (
	update loket.offer set state = 'withdrawn', ended_at = clock_timestamp()
	 where agent = $1 and state = 'made' and $2 <> 'ready'
	returning id, case_id, agent, epoch, municipality),
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
