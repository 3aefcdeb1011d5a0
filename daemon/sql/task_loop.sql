-- task_loop: the last promise about a case that waited for it is done: the citizen hears of it, or an agent gets the case to tell
-- them. In the unit of task_patch, after it, so that of two that were closed at once one sees both
-- $1 uuid case, $2 uuid contact (new) that tells them, or null: an agent does; $3 text, $4 text address kind, $5 text address,
-- $6 uuid contact it answers or null, $7 text inbox it goes out by, $8 text its channel; null: those of the case, $9 uuid writer or
-- null, $10 text[] flags, $11 int seconds until it is late, $12 text why
-- columns: the notice, arrived_at and due_at of the case; no row: others are open, or nobody waits for it
with last as (
	select c.id from loket.case_file c
	 where c.id = $1 and c.state = 'closed' and c.outcome = 'promised' and c.merged_into is null
	   and not exists (select from loket.task t where t.case_id = c.id and t.state = 'open')),
told as (
	update loket.case_file c set outcome = 'solved', last_contact_at = greatest(c.last_contact_at, clock_timestamp())
	  from last where c.id = last.id and $2::uuid is not null returning c.*),
said as (
	insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, received_at, case_id, party,
	       addresses, language, text, flags, delivery, delivery_at, agent)
	select $2, municipality, coalesce($7, inbox), coalesce($8, channel), 'out', 'private', 'text', clock_timestamp(), id, party,
	       jsonb_build_array(jsonb_build_object('kind', $4::text, 'value', $5::text)), language, $3, $10::text[], 'queued',
	       clock_timestamp(), $9
	  from told returning *),
going as (
	insert into loket.outbox (contact, municipality, inbox, case_id, next_at, to_kind, to_value, answers)
	select id, municipality, inbox, case_id, received_at, $4, $5, $6 from said),
opened as (
	update loket.case_file c
	   set state = 'queued', outcome = null, closed_at = null, arrived_at = now.at,
	       due_at = now.at + make_interval(secs => $11::int), transfers = 0
	  from last, (select clock_timestamp() as at) now where c.id = last.id and $2::uuid is null returning c.*),
ended as (select * from told union all select * from opened),
noticed as (
	insert into loket.notice (at, municipality, kind, case_id, agent, payload)
	select clock_timestamp(), c.municipality, 'case.changed', c.id, null::uuid,
	       loket.case_told(c.id, c.state, c.product, c.municipality, case when c.state = 'closed' then 'answered' else 'reopen' end,
	                       $12, outcome => c.outcome)
	  from ended c
	returning id, at, municipality, kind, case_id, agent, payload)
select n.*, e.arrived_at, e.due_at from noticed n, ended e
