-- work_task: a promise by a department, a group of it or a person
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 uuid task (new),
-- $6 text department, $7 text action, $8 timestamptz due, $9 text note or null, $10 uuid writer or null, $11 text kind,
-- $12 text team or null, $13 uuid who does it or null, $14 timestamptz reminder, $15 jsonb term of the law or null,
-- $16 timestamptz its end
-- columns: the notices; the first is that of the case
with held as (
	select * from loket.case_file
	 where id = $1 and epoch = $2 and owner is not distinct from $3::uuid and state = $4 for update),
promised as (
	insert into loket.task (id, municipality, case_id, department, action, due, note, created_by, created_at, kind, team, owner,
	       remind_at, look_at, term, term_until)
	select $5, municipality, id, $6, $7, $8, $9, $10, clock_timestamp(), $11, $12, $13, $14, $14, $15, $16 from held
	on conflict (id) do nothing returning *),
written as (
	insert into loket.task_event (task, municipality, at, kind, agent)
	select id, municipality, created_at, 'made', created_by from promised)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'case.changed', id, owner,
	       loket.case_told(id, state, product, municipality, 'task', null, owner => owner) ||
	       jsonb_build_object('task', jsonb_build_object('id', $5::uuid, 'state', 'open'))
	  from held
	union all
	select t.created_at, t.municipality, 'task.changed', t.case_id, t.owner,
	       loket.task_is_told(t.id, t.case_id, t.state, t.owner, t.team, t.department, false, 'made')
	  from promised t) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
