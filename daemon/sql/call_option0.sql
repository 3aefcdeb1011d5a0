-- call_option0: the caller pressed 0: from now on the case is for a coach, and waits for one when it was offered, when who is
-- no coach had accepted it, or when this comes to light after they hung up, and nobody had looked at the case since
-- $1 uuid call, $2 int seconds a case of option 0 may wait, $3 text why
-- columns: the notices (offer.withdrawn, case.changed)
with pressed as (
	update loket.contact c set flags = array_append(c.flags, 'option0')
	 where c.id = $1 and not 'option0' = any (c.flags)
	returning c.case_id),
seen as (
	select k.id, k.state = 'closed' or k.state = 'offered'
	             or k.state = 'assigned' and not exists (select from loket.agent a where a.id = k.owner and a.role = 'coach') as waits
	  from loket.contact c join loket.case_file k on k.id = c.case_id
	 where c.id = $1 and not k.option0
	   and (k.state <> 'closed' or k.outcome = 'unreachable' and 'abandoned' = any (k.flags)
	        and k.closed_at > clock_timestamp() - interval '1 hour')
	for update of k),
asked as (
	update loket.case_file k
	   set option0 = true, state = case when s.waits then 'queued' else k.state end,
	       owner = case when s.waits then null else k.owner end, outcome = null, closed_at = null,
	       reopened = k.reopened + (k.state = 'closed')::int,
	       flags = array_append(array_remove(k.flags, 'option0'), 'option0'),
	       due_at = least(k.due_at, clock_timestamp() + make_interval(secs => $2))
	  from seen s where k.id = s.id
	returning k.id, k.state, k.owner, k.municipality, k.product, k.party, k.channel, k.language),
helping as (
	insert into loket.help_request (id, municipality, case_id, party, channel, product, language, asked_by, asked_at)
	select $1, municipality, id, party, channel, product, language, 'key', clock_timestamp() from asked
	on conflict do nothing),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from asked where o.case_id = asked.id and o.state = 'made'
	returning o.id, o.case_id, o.agent, o.municipality)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, owner,
	       loket.case_told(id, state, product, municipality, 'contact', $3)
	  from asked) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
