-- dispatch_expire: offers whose time is over: the case waits on with its first arrival; two in a row, and the agent is
-- away
-- $1 text lease holder, $2 bigint lease epoch
-- columns: the notices (offer.withdrawn, case.changed, presence.changed)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
late as (
	select o.id from loket.offer o, fence
	 where o.state = 'made' and o.expires_at <= clock_timestamp()
	 order by o.expires_at limit 500 for update of o skip locked),
ended as (
	update loket.offer o set state = 'expired', ended_at = clock_timestamp() from late where o.id = late.id
	returning o.id, o.case_id, o.agent, o.epoch, o.municipality),
back as (
	update loket.case_file c set state = 'queued' from ended e
	 where c.id = e.case_id and c.state = 'offered' and c.epoch = e.epoch
	returning c.id, c.municipality, c.product),
missing as (
	select p.agent, p.missed + e.n as missed, p.state = 'ready' and p.missed + e.n >= 2 as leaves
	  from (select agent, count(*)::int as n from ended group by agent) e
	  join loket.presence p on p.agent = e.agent),
missed as (
	update loket.presence p
	   set missed = m.missed, idle_since = clock_timestamp(),
	       state = case when m.leaves then 'away' else p.state end,
	       reason = case when m.leaves then 'missed' else p.reason end,
	       since = case when m.leaves then clock_timestamp() else p.since end
	  from missing m where p.agent = m.agent
	returning p.agent, p.municipalities, m.leaves)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'expired')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, 'queued', product, municipality, 'timeout',
	                       'nobody answered: it waits on with its first arrival')
	  from back
	union all
	select clock_timestamp(), municipalities[1], 'presence.changed', null::uuid, agent,
	       jsonb_build_object('agent', jsonb_build_object('id', agent, 'state', 'away', 'reason', 'missed'))
	  from missed where leaves) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
