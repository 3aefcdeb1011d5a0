-- survey_task: whoever is to be called back for what they answered, in the unit that keeps the answer
-- $1 uuid task, $2 text department, $3 text action, $4 timestamptz due
-- columns: the notices
with promised as (
	insert into loket.task (id, municipality, case_id, kind, department, action, due, created_at)
	select task, municipality, case_id, 'callback', $2, $3, $4, clock_timestamp() from loket.survey where task = $1
	on conflict (id) do nothing returning *),
written as (
	insert into loket.task_event (task, municipality, at, kind) select id, municipality, created_at, 'made' from promised)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select t.created_at, c.municipality, 'case.changed', c.id, c.owner,
       loket.case_told(c.id, c.state, c.product, c.municipality, 'task', $3, owner => c.owner) ||
       jsonb_build_object('task', jsonb_build_object('id', t.id, 'state', 'open'))
  from promised t join loket.case_file c on c.id = t.case_id
union all
select t.created_at, t.municipality, 'task.changed', t.case_id, t.owner,
       loket.task_is_told(t.id, t.case_id, t.state, t.owner, t.team, t.department, false, 'made')
  from promised t
returning id, at, municipality, kind, case_id, agent, payload
