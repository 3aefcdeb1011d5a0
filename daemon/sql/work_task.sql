-- work_task: a promise by a department
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 uuid task (new),
-- $6 text department, $7 text action, $8 timestamptz due, $9 text note or null, $10 uuid writer or null
-- columns: the notice
with held as (
	select * from loket.case_file
	 where id = $1 and epoch = $2 and owner is not distinct from $3::uuid and state = $4 for update),
promised as (
	insert into loket.task (id, municipality, case_id, department, action, due, note, created_by, created_at)
	select $5, municipality, id, $6, $7, $8, $9, $10, clock_timestamp() from held
	on conflict (id) do nothing)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       loket.case_told(id, state, product, municipality, 'task', null, owner => owner) ||
       jsonb_build_object('task', jsonb_build_object('id', $5::uuid, 'state', 'open'))
  from held
returning id, at, municipality, kind, case_id, agent, payload
