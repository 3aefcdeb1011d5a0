-- task_tried: somebody tried to reach the citizen
-- $1 uuid task, $2 text result, $3 timestamptz when to try again or null, $4 int attempts as they were read, $5 uuid writer or null,
-- $6 text note or null
-- columns: the notice
with tried as (
	update loket.task t
	   set attempts = t.attempts + 1, last_result = $2, remind_at = coalesce($3, t.remind_at), look_at = coalesce($3, t.look_at)
	 where t.id = $1 and t.state = 'open' and t.attempts = $4::int returning t.*),
written as (
	insert into loket.task_event (task, municipality, at, kind, agent, detail)
	select id, municipality, clock_timestamp(), 'tried', $5, jsonb_strip_nulls(jsonb_build_object('result', $2::text, 'note', $6::text))
	  from tried)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), t.municipality, 'task.changed', t.case_id, t.owner,
       loket.task_is_told(t.id, t.case_id, t.state, t.owner, t.team, t.department,
                          least(t.due, t.term_until) <= clock_timestamp(), 'tried')
  from tried t
returning id, at, municipality, kind, case_id, agent, payload
