-- task_told: the notice of a changed task, in the unit of task_patch
-- $1 uuid task
-- columns: the notice
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), c.municipality, 'case.changed', c.id, c.owner,
       loket.case_told(c.id, c.state, c.product, c.municipality, 'task', null, owner => c.owner) ||
       jsonb_build_object('task', jsonb_build_object('id', t.id, 'state', t.state))
  from loket.task t join loket.case_file c on c.id = t.case_id
 where t.id = $1
returning id, at, municipality, kind, case_id, agent, payload
