-- work_patch: what a case is about, corrected; null leaves a thing as it is. What is option 0 from now on waits no longer than
-- that may, and for a coach: who is none, and holds it or is asked, does not keep it, and no wish for somebody holds. What is formal
-- from now on, is so in the messages of its question too: they are confirmed (receipt_next)
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 text product,
-- $6 text language, $7 bool option 0, $8 bool formal, $9 text why
-- $10 uuid help request (new), $11 int seconds that option 0 may wait, $12 uuid of what is said of it (new), $13 text why when
-- it is option 0 from now on
-- columns: the notices (offer.withdrawn, case.changed)
with seen as (
	select c.id as sid, c.owner as had, coalesce($7::bool, false) and not c.option0 as asks,
	       coalesce($7::bool, false) and (
	         c.state = 'assigned' and not exists (select from loket.agent g where g.id = c.owner and g.role = 'coach')
	         or c.state = 'offered' and exists (select from loket.offer o join loket.agent g on g.id = o.agent
	                                             where o.case_id = c.id and o.state = 'made' and g.role <> 'coach')) as leaves,
	       case when $8::bool is null then c.flags
	            when $8 then array_append(array_remove(c.flags, 'formal'), 'formal')
	            else array_remove(c.flags, 'formal') end as kept
	  from loket.case_file c where c.id = $1),
changed as (
	update loket.case_file
	   set state = case when s.leaves then 'queued' else state end, owner = case when s.leaves then null else owner end,
	       wanted_agent = case when s.leaves or s.asks then null else wanted_agent end,
	       wanted_team = case when s.leaves or s.asks then null else wanted_team end,
	       due_at = case when s.asks then least(due_at, clock_timestamp() + make_interval(secs => $11::int)) else due_at end,
	       product = coalesce($5, product), language = coalesce($6, language), option0 = coalesce($7, option0),
	       flags = case when $7 is null then s.kept
	                    when $7 then array_append(array_remove(s.kept, 'option0'), 'option0')
	                    else array_remove(s.kept, 'option0') end
	  from seen s
	 where id = $1 and s.sid = id and epoch = $2 and owner is not distinct from $3::uuid and state = $4
	returning case_file.*, s.had, s.asks),
asked as (
	insert into loket.help_request (id, municipality, case_id, party, channel, product, language, asked_by, asked_at,
	       helped_at, coach)
	select $10, municipality, id, party, channel, product, language, 'agent', clock_timestamp(),
	       case when owner is not null then clock_timestamp() end, owner
	  from changed where $7::bool
	on conflict (case_id) where ended_at is null do nothing),
marked as (
	update loket.contact t
	   set flags = case when $8 then array_append(t.flags, 'formal') else array_remove(t.flags, 'formal') end
	  from changed c
	 where $8::bool is not null and t.case_id = c.id and t.direction = 'in' and t.agent is null and t.visibility = 'private'
	   and t.kind in ('text', 'media', 'form') and t.received_at >= c.arrived_at and ('formal' = any (t.flags)) <> $8::bool),
taken_back as (
	update loket.help_request h set ended_at = clock_timestamp()
	  from changed c where h.case_id = c.id and h.ended_at is null and not $7::bool),
told as (
	insert into loket.automatic (id, municipality, case_id, kind, payload, at)
	select $12, c.municipality, c.id, case when t.aloud then 'preference' else 'promise' end,
	       case when t.aloud then '{}'::jsonb else '{"quiet": true}' end, clock_timestamp()
	  from changed c join loket.channel h on h.id = c.channel join loket.municipality m on m.id = c.municipality,
	       lateral (select h.conversational and coalesce(m.settings #> '{option0,answer}', 'true') <> 'false' as aloud) t
	 where c.asks and c.owner is null and c.post is null
	on conflict do nothing),
ended as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from (select f.id from loket.offer f join changed c on c.id = f.case_id
	         where f.state = 'made' and c.state = 'queued' for update of f skip locked) f
	 where o.id = f.id returning o.id, o.case_id, o.agent, o.municipality)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from ended
	union all
	select clock_timestamp(), municipality, 'case.changed', id, had,
	       loket.case_told(id, state, product, municipality, case when asks then 'help' else 'patch' end,
	                       case when asks then $13 else $9 end, owner => owner)
	  from changed) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
