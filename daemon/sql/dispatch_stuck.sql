-- dispatch_stuck: cases that are offered to nobody wait again (sweep: there should be none)
-- $1 text lease holder, $2 bigint lease epoch
-- columns: the notices (case.changed)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
back as (
	update loket.case_file c set state = 'queued'
	  from fence
	 where c.state = 'offered'
	   and not exists (select from loket.offer o where o.case_id = c.id and o.state = 'made')
	returning c.id, c.municipality, c.product)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       jsonb_build_object('case', jsonb_build_object('id', id, 'state', 'queued', 'product', product,
	                          'municipality', municipality), 'event', 'withdraw', 'why', 'found by the sweep: it was offered to nobody')
	  from back) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
