-- intake_help_insert: somebody asks for help with doing it digitally; while that is open, asking again changes nothing.
-- Whose case a coach has already is being helped; a case that is option 0 from now on does not stay with, or on offer to, who
-- is no coach, and no wish for somebody holds. (What such a case waits for was written before: intake_case_touch)
-- $1 uuid[] id, $2 uuid[] case, $3 uuid[] party, $4 text[] product (null: that of the case), $5 text[] page, $6 text[] step,
-- $7 text[] language, $8 text[] asked by, $9 text[] preference, $10 timestamptz[] asked at, $11 text[] what is promised is
-- said 'aloud', or to nobody: 'quiet' (null: they are asked first, intake_automatic), $12 uuid[] of what is said (new),
-- $13 uuid[] cases that are option 0 from now on, stored before in this unit, $14 text why when one leaves an agent,
-- $15 text when an offer is withdrawn, $16 text when it waits
-- columns: the notices (offer.withdrawn, case.changed), of cases that wait anew
with n as (
	select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::timestamptz[], $11::text[], $12::uuid[])
		as n (id, case_id, party, product, page, step, language, asked_by, preference, asked_at, how, said)),
asked as (
	insert into loket.help_request (id, municipality, case_id, party, channel, product, page, step, language, asked_by, preference,
		asked_at, helped_at, coach)
	select n.id, k.municipality, k.id, n.party, k.channel, coalesce(n.product, k.product), n.page, n.step,
		coalesce(n.language, k.language), n.asked_by, n.preference, n.asked_at, case when g.id is not null then n.asked_at end, g.id
	  from n
		join loket.case_file k on k.id = n.case_id and k.state <> 'closed'
		left join loket.agent g on g.id = k.owner and g.role = 'coach'
	on conflict (case_id) where ended_at is null do nothing
	returning id, municipality, case_id, asked_at),
promised as (
	insert into loket.automatic (id, municipality, case_id, kind, payload, at)
	select n.said, a.municipality, a.case_id, 'promise', case when n.how = 'aloud' and
		coalesce(m.settings #> '{option0,answer}', 'true') <> 'false' then '{}'::jsonb else '{"quiet": true}' end, a.asked_at
	  from asked a join n on n.id = a.id join loket.municipality m on m.id = a.municipality
	 where n.how is not null
	on conflict do nothing),
zero as (
	select c.id, c.state, c.owner from loket.case_file c where c.id = any ($13::uuid[])),
anew as (
	update loket.case_file c
	   set state = case when z.state in ('offered', 'assigned') then 'queued' else c.state end, owner = null,
	       wanted_agent = null, wanted_team = null
	  from zero z
	 where c.id = z.id
	   and (z.state = 'assigned' and not exists (select from loket.agent g where g.id = z.owner and g.role = 'coach')
	        or z.state = 'offered' and exists (select from loket.offer o join loket.agent g on g.id = o.agent
	                                            where o.case_id = z.id and o.state = 'made' and g.role <> 'coach')
	        or z.state in ('queued', 'scheduled') and (c.wanted_agent is not null or c.wanted_team is not null))
	returning c.id, c.state, c.product, c.municipality, z.owner as had, z.state as was),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from (select f.id from loket.offer f join anew a on a.id = f.case_id
	         where f.state = 'made' for update of f skip locked) f
	 where o.id = f.id returning o.id, o.case_id, o.agent, o.municipality)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, had,
	       loket.case_told(id, state, product, municipality, 'help',
	                       case was when 'assigned' then $14 when 'offered' then $15 else $16 end)
	  from anew) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
