-- call_ahead: who waits on the line before this caller for the same agents, and how many of these are there; nothing is
-- counted for a call that was answered or has ended
-- $1 uuid call
-- columns: ahead, agents
with me as materialized (
	select k.* from loket.contact c join loket.case_file k on k.id = c.case_id
	 where c.id = $1 and not exists (select from loket.call_event e where e.call = $1 and e.kind in ('answered', 'ended'))),
fits as (
	select a.municipalities, a.products, a.role = 'coach' as coach
	  from loket.agent a join loket.presence p on p.agent = a.id join me on true
	 where a.enabled and p.state = 'ready' and me.municipality = any (a.municipalities) and me.product = any (a.products)
	   and me.channel = any (coalesce(p.channels, a.channels)) and (a.role = 'coach' or not me.option0)),
before as (
	select count(distinct k.id) as n
	  from loket.call w join loket.case_file k on k.id = w.case_id join me on k.id <> me.id
	 where w.state <> 'ended' and k.state in ('queued', 'offered') and (k.arrived_at, k.id) < (me.arrived_at, me.id)
	   and exists (select from fits f where k.municipality = any (f.municipalities) and k.product = any (f.products)
	                                    and (f.coach or not k.option0)))
select before.n as ahead, (select count(*) from fits) as agents from before
