-- offer_decline: the agent leaves the case to somebody else; it waits on with its first arrival
-- $1 uuid offer, $2 uuid agent, $3 text reason or null
-- columns: the notices (offer.withdrawn, case.changed)
with ended as (
	update loket.offer set state = 'declined', ended_at = clock_timestamp(), reason = $3
	 where id = $1 and agent = $2 and state = 'made'
	returning id, case_id, agent, epoch, municipality),
back as (
	update loket.case_file c set state = 'queued' from ended e
	 where c.id = e.case_id and c.state = 'offered' and c.epoch = e.epoch
	returning c.id, c.municipality, c.product),
seen as (
	update loket.presence set missed = 0, idle_since = clock_timestamp(), seen_at = clock_timestamp()
	 where agent = $2 and exists (select from ended))
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'declined')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, 'queued', product, municipality, 'decline',
	                       'the agent declined: it waits on with its first arrival')
	  from back) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
