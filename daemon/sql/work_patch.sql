-- work_patch: what a case is about, corrected; null leaves a thing as it is
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 text product,
-- $6 text language, $7 bool option 0, $8 bool formal, $9 text why
-- $10 uuid help request (new). Who is no coach does not keep what is option 0 now: it waits for one
-- columns: the notice
with changed as (
	update loket.case_file
	   set state = case when d.leaves then 'queued' else state end, owner = case when d.leaves then null else owner end,
	       wanted_agent = case when d.leaves then null else wanted_agent end,
	       product = coalesce($5, product), language = coalesce($6, language), option0 = coalesce($7, option0),
	       flags = case when $7 is null then d.flags
	                    when $7 then array_append(array_remove(d.flags, 'option0'), 'option0')
	                    else array_remove(d.flags, 'option0') end
	  from (select id as did, case when $8::bool is null then flags
	                    when $8 then array_append(array_remove(flags, 'formal'), 'formal')
	                    else array_remove(flags, 'formal') end as flags,
	               $7::bool and state = 'assigned' and not exists (select from loket.agent g
	                  where g.id = case_file.owner and g.role = 'coach') as leaves
	          from loket.case_file where id = $1) d
	 where id = $1 and did = id and epoch = $2 and owner is not distinct from $3::uuid and state = $4
	returning case_file.*),
asked as (
	insert into loket.help_request (id, municipality, case_id, party, channel, product, language, asked_by, asked_at,
	       helped_at, coach)
	select $10, municipality, id, party, channel, product, language, 'agent', clock_timestamp(),
	       case when owner is not null then clock_timestamp() end, owner
	  from changed where $7::bool
	on conflict (case_id) where ended_at is null do nothing),
taken_back as (
	update loket.help_request h set ended_at = clock_timestamp()
	  from changed c where h.case_id = c.id and h.ended_at is null and not $7::bool)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       loket.case_told(id, state, product, municipality, 'patch', $9, owner => owner)
  from changed
returning id, at, municipality, kind, case_id, agent, payload
