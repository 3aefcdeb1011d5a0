-- case_merge: two cases are one question: the second goes on in the first, with its open tasks. What was said in it stays there
-- and is shown with the first. Both wait from the earlier of their arrivals. Nothing when one is not as it was read, or when
-- something of the second has to end first
-- stays: $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state; goes: $5 to $8 the same;
-- $9 uuid of the merge (new), $10 uuid note (new), $11 uuid writer or null, $12 text note or null, $13 text why
-- columns: the notices (case.changed of both, offer.withdrawn)
with locked as materialized (
	select * from loket.case_file where id in ($1, $5) order by id for update),
pair as (
	select k.id as kept, g.id as gone, g.municipality, g.state, g.outcome, g.closed_at, g.owner, g.flags, g.arrived_at,
	       g.due_at, g.last_contact_at
	  from locked k join locked g on g.municipality = k.municipality and g.id <> k.id
	 where k.id = $1 and k.epoch = $2 and k.owner is not distinct from $3::uuid and k.state = $4
	   and g.id = $5 and g.epoch = $6 and g.owner is not distinct from $7::uuid and g.state = $8
	   and k.merged_into is null and g.merged_into is null and k.post is null and g.post is null
	   and (g.party is null or g.party = k.party)
	   and (k.state <> 'closed' or g.state = 'closed')
	   and not exists (select from loket.help_request where case_id = g.id and ended_at is null)
	   and not exists (select from loket.callback where case_id = g.id and state = 'open')
	   and not exists (select from loket.call where case_id = g.id and state <> 'ended')),
left_ as (
	update loket.case_file c
	   set state = 'closed', closed_at = coalesce(c.closed_at, clock_timestamp()), owner = null, wanted_agent = null,
	       wanted_team = null, promised_at = null, epoch = c.epoch + 1, merged_into = p.kept
	  from pair p where c.id = p.gone
	returning c.*),
carried as (
	update loket.case_file c set merged_into = p.kept from pair p where c.merged_into = p.gone returning c.id),
went_on as (
	update loket.case_file c
	   set last_contact_at = greatest(c.last_contact_at, p.last_contact_at),
	       flags = array(select distinct f from unnest(c.flags || p.flags) f
	                      where f = any (c.flags) or f not in ('spam', 'option0') order by f),
	       arrived_at = case when c.state = 'closed' or p.state = 'closed' then c.arrived_at else least(c.arrived_at, p.arrived_at) end,
	       due_at = case when c.state = 'closed' or p.state = 'closed' then c.due_at else least(c.due_at, p.due_at) end
	  from pair p where c.id = p.kept
	returning c.*),
tasks as (
	update loket.task t set case_id = p.kept from pair p where t.case_id = p.gone and t.state = 'open' returning t.id),
withdrawn as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from pair p where o.case_id = p.gone and o.state = 'made'
	returning o.id, o.case_id, o.agent, o.municipality),
kept_record as (
	insert into loket.case_merge (id, municipality, kept, gone, at, agent, state, outcome, closed_at, owner, tasks, carried)
	select $9, municipality, kept, gone, clock_timestamp(), $11, state, outcome, closed_at, owner,
	       array(select id from tasks), array(select id from carried)
	  from pair),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $10, municipality, kept, $11, clock_timestamp(), $12 from pair where $12::text is not null)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from withdrawn
	union all
	select clock_timestamp(), c.municipality, 'case.changed', c.id, p.owner,
	       loket.case_told(c.id, c.state, c.product, c.municipality, 'merge', $13) ||
	       jsonb_build_object('into', jsonb_build_object('id', p.kept))
	  from left_ c, pair p
	union all
	select clock_timestamp(), c.municipality, 'case.changed', c.id, c.owner,
	       loket.case_told(c.id, c.state, c.product, c.municipality, 'merged', 'another case about the same question went on in it',
	                       owner => c.owner) ||
	       jsonb_build_object('merged', jsonb_build_object('id', p.gone))
	  from went_on c, pair p) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
