-- dispatch_lost: agents without a sign of life: offline, and what they had goes back to the queue. Who is away gets
-- twenty times as long: a break is no loss
-- $1 text lease holder, $2 bigint lease epoch, $3 int seconds
-- columns: the notices (presence.changed, case.changed)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
gone as (
	update loket.presence p set state = 'offline', reason = 'lost', since = clock_timestamp()
	  from fence
	 where (p.state = 'ready' and p.seen_at < clock_timestamp() - make_interval(secs => $3::int))
	    or (p.state = 'away' and p.seen_at < clock_timestamp() - make_interval(secs => 20 * $3::int))
	returning p.agent, p.municipalities),
back as (
	update loket.case_file c set state = 'queued', owner = null, epoch = c.epoch + 1
	  from gone g where c.owner = g.agent and c.state = 'assigned'
	returning c.id, c.municipality, c.product)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipalities[1], 'presence.changed', null::uuid, agent,
	       jsonb_build_object('agent', jsonb_build_object('id', agent, 'state', 'offline', 'reason', 'lost'))
	  from gone
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, 'queued', product, municipality, 'lost', 'the owner vanished: somebody else goes on')
	  from back) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
