-- call_waits: the caller has left the menu: from now on the case waits for a person
-- $1 uuid call, $2 bool also when somebody is to call back later: the caller is there now, $3 text why
-- columns: the notice
with waits as (
	update loket.case_file k set state = 'queued'
	  from loket.contact c
	 where c.id = $1 and k.id = c.case_id and k.state = 'scheduled'
	   and ($2::bool or not exists (select from loket.callback b where b.case_id = k.id and b.state = 'open'))
	returning k.id, k.state, k.municipality, k.product)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
       loket.case_told(id, state, product, municipality, 'contact', $3)
  from waits
returning id, at, municipality, kind, case_id, agent, payload
