-- task_patch: a promise kept, dropped, moved or handed on, if it is still as it was read; null leaves a thing as it is. Its case
-- is locked first, so that of two that are closed at once one is the last (task_loop)
-- $1 uuid task, $2 text state and $3 uuid owner as they were read; $4 text state, $5 timestamptz due, $6 text note, $7 text department,
-- $8 text action, $9 bool it goes to $10 text team (null: none) and $11 uuid owner (null: nobody yet), $12 timestamptz reminder,
-- $13 text answer, $14 jsonb term, $15 timestamptz its end, $16 text event or null, $17 uuid writer or null, $18 jsonb detail
-- columns: the notices
with held as (
	select c.* from loket.case_file c join loket.task t on t.case_id = c.id where t.id = $1 for update of c),
changed as (
	update loket.task t
	   set state = coalesce($4, t.state), due = coalesce($5, t.due), note = coalesce($6, t.note),
	       department = coalesce($7, t.department), action = coalesce($8, t.action),
	       team = case when $9::bool then $10 else t.team end, owner = case when $9::bool then $11::uuid else t.owner end,
	       remind_at = coalesce($12, t.remind_at), look_at = coalesce($12, case when $15::timestamptz is null then t.look_at when t.due > clock_timestamp() then t.due else $15 end), answer = coalesce($13, t.answer),
	       term = coalesce($14::jsonb, t.term), term_until = coalesce($15, t.term_until),
	       done_at = case coalesce($4, t.state) when 'open' then null else coalesce(t.done_at, clock_timestamp()) end
	  from held where t.id = $1 and t.state = $2 and t.owner is not distinct from $3::uuid returning t.*),
written as (
	insert into loket.task_event (task, municipality, at, kind, agent, detail)
	select id, municipality, clock_timestamp(), $16, $17, coalesce($18::jsonb, '{}') from changed where $16::text is not null)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), c.municipality, 'case.changed', c.id, c.owner,
	       loket.case_told(c.id, c.state, c.product, c.municipality, 'task', null, owner => c.owner) ||
	       jsonb_build_object('task', jsonb_build_object('id', t.id, 'state', t.state))
	  from changed t, held c
	union all
	select clock_timestamp(), t.municipality, 'task.changed', t.case_id, coalesce(t.owner, $3::uuid),
	       loket.task_is_told(t.id, t.case_id, t.state, t.owner, t.team, t.department,
	                          t.state = 'open' and least(t.due, t.term_until) <= clock_timestamp(), coalesce($16, 'changed'))
	  from changed t) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
