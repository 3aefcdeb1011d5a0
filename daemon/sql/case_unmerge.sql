-- case_unmerge: they are two questions after all: what was closed is closed again, what was open waits again as long as it had,
-- for who had it. Tasks and cases that went along come back, unless they left in another way since
-- $1 uuid the merged case, $2 uuid case it is in, as it was read, $3 uuid writer or null, $4 text why
-- columns: the notices (case.changed of both)
with locked as materialized (
	select id, merged_into from loket.case_file where id in ($1, $2) order by id for update),
merge as (
	select m.*, l.merged_into as in_now
	  from locked l
	 cross join lateral (select * from loket.case_merge where gone = l.id and undone_at is null order by at desc limit 1) m
	 where l.id = $1 and l.merged_into = $2),
back as (
	update loket.case_file c
	   set merged_into = null, epoch = c.epoch + 1, state = case when m.state = 'closed' then 'closed' else 'queued' end,
	       outcome = m.outcome, closed_at = m.closed_at, wanted_agent = m.owner
	  from merge m where c.id = m.gone
	returning c.*),
carried as (
	update loket.case_file c set merged_into = m.gone from merge m where c.id = any (m.carried) and c.merged_into = m.in_now),
tasks as (
	update loket.task t set case_id = m.gone from merge m where t.id = any (m.tasks) and t.case_id = m.in_now),
undone as (
	update loket.case_merge u set undone_at = clock_timestamp(), undone_by = $3 where u.id = (select id from merge))
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, state, product, municipality, 'unmerge', $4)
	  from back
	union all
	select clock_timestamp(), c.municipality, 'case.changed', c.id, c.owner,
	       loket.case_told(c.id, c.state, c.product, c.municipality, 'unmerged', $4, owner => c.owner) ||
	       jsonb_build_object('unmerged', jsonb_build_object('id', m.gone))
	  from loket.case_file c join merge m on c.id = m.in_now) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
