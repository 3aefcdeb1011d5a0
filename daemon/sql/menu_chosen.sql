-- menu_chosen: what the citizen chose in the menu, as long as nobody has the case; who was asked for it is asked no more
-- $1 uuid contact that chose, $2 text product (null: none), $3 text language (null: none), $4 text why
-- columns: the notices (offer.withdrawn, case.changed)
-- limit: a case that a caller did not begin by telephone keeps its product, and so does one that asked for a person in writing
with chosen as (
	update loket.case_file k
	   set product = coalesce($2, k.product), language = coalesce($3, k.language),
	       state = case when k.state = 'offered' then 'queued' else k.state end
	  from loket.contact c
	 where c.id = $1 and k.id = c.case_id and k.state in ('queued', 'offered', 'scheduled')
	   and (k.product <> $2 or k.language <> $3)
	   and case when c.kind = 'call'
	            then not exists (select from loket.contact e where e.case_id = k.id and e.kind <> 'call')
	            else not k.option0 end
	returning k.id, k.state, k.owner, k.municipality, k.product),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from chosen where o.case_id = chosen.id and o.state = 'made'
	returning o.id, o.case_id, o.agent, o.municipality)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, owner,
	       loket.case_told(id, state, product, municipality, 'contact', $4)
	  from chosen) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
