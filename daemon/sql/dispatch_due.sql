-- dispatch_due: call-backs whose moment has come: their cases wait in the queue, with their first arrival. Whoever writes
-- to a case and its promise locks the case first; one that is locked is for the next tick
-- $1 text lease holder, $2 bigint lease epoch
-- columns: the notices (case.changed)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
late as (
	select c.id, k.id as callback from loket.callback k join loket.case_file c on c.id = k.case_id, fence
	 where k.state = 'open' and not k.due and k.not_before <= clock_timestamp()
	 order by k.not_before limit 500 for update of c skip locked),
told as (
	update loket.callback k set due = true from late l where k.id = l.callback and k.state = 'open'),
back as (
	update loket.case_file c set state = 'queued' from late l where c.id = l.id and c.state = 'scheduled'
	returning c.id, c.municipality, c.product)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
       loket.case_told(id, 'queued', product, municipality, 'due', 'time to call back')
  from back
returning id, at, municipality, kind, case_id, agent, payload
