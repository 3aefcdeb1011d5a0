-- post_act: somebody of the webcare team takes a post, and does something with it that leaves it theirs, or a colleague's.
-- With only the claim it runs out
-- $1 uuid post, $2 uuid agent, $3 text action, $4 int seconds that a claim lasts; $5 uuid task (new) or null, its
-- $6 text department, $7 text action, $8 timestamptz due, $9 text note or null; $10 uuid colleague who gets it, or null,
-- $11 int seconds that it waits for them; $12 jsonb steps of the protocol, null: as they were; $13 jsonb for the logbook;
-- $14 uuid note (new) with the words of $9 for the colleague, or null
-- columns: the notices
with mine as (
	update loket.post
	   set state = 'claimed', claimed_by = coalesce($10::uuid, $2),
	       claimed_until = case when $10::uuid is not null then clock_timestamp() + make_interval(secs => $11::int)
	                            when $3 in ('claim', 'step') and actions = '{}'
	                            then clock_timestamp() + make_interval(secs => $4::int) end,
	       actions = case when $3 in ('like', 'department') and not $3 = any (actions) then actions || $3::text
	                      else actions end,
	       protocol = coalesce($12::jsonb, protocol)
	 where id = $1
	   and (state = 'waiting' or state = 'claimed' and (claimed_by = $2 or claimed_until <= clock_timestamp()))
	returning *),
promised as (
	insert into loket.task (id, municipality, case_id, department, action, due, note, created_by, created_at)
	select $5, municipality, case_id, $6, $7, $8, $9, $2, clock_timestamp() from mine where $5::uuid is not null
	on conflict (id) do nothing returning *),
written as (
	insert into loket.task_event (task, municipality, at, kind, agent)
	select id, municipality, created_at, 'made', created_by from promised),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $14, municipality, case_id, $2, clock_timestamp(), $9 from mine where $14::uuid is not null),
logged as (
	insert into loket.post_log (post, municipality, agent, action, detail)
	select id, municipality, $2, $3, $13 from mine)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), p.municipality, 'post.changed', p.case_id, $2::uuid,
	       loket.post_told(p.id, p.channel, p.state, p.claimed_by, p.outcome, p.case_id, p.municipality, $3::text)
	  from mine p
	union all
	select clock_timestamp(), municipality, 'case.changed', case_id, null,
	       jsonb_build_object('case', jsonb_build_object('id', case_id, 'state', 'triage', 'municipality', municipality),
	                          'event', 'task', 'task', jsonb_build_object('id', $5::uuid, 'state', 'open'))
	  from mine where $5::uuid is not null
	union all
	select t.created_at, t.municipality, 'task.changed', t.case_id, t.owner,
	       loket.task_is_told(t.id, t.case_id, t.state, t.owner, t.team, t.department, false, 'made')
	  from promised t) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
