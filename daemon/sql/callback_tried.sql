-- callback_tried: what came of a call by the agent who holds the case. Tried again later: the case waits for that
-- moment, with its first arrival. Reached, or not tried again: the case stays with the agent. The calls in which it was
-- promised are called back when the citizen was reached (calls settles them)
-- $1 uuid case, $2 bigint epoch, $3 uuid owner, $4 uuid promise, $5 text result, $6 text state of the promise now,
-- $7 timestamptz next attempt (null: none), $8 int seconds of wrap-up, $9 text why
-- columns: the notice
with held as (
	select id from loket.case_file
	 where id = $1 and epoch = $2 and owner is not distinct from $3::uuid and state = 'assigned' for update),
tried as (
	update loket.callback k
	   set attempts = k.attempts + 1, last_result = $5, state = $6, due = $7::timestamptz is null,
	       ended_at = case when $6 = 'open' then null else clock_timestamp() end,
	       not_before = coalesce($7, k.not_before), promised_at = greatest(k.promised_at, $7)
	  from held h where k.id = $4 and k.case_id = h.id and k.state = 'open'
	returning k.*),
moved as (
	update loket.case_file c
	   set state = case when t.state = 'open' then 'scheduled' else c.state end,
	       owner = case when t.state = 'open' then null else c.owner end,
	       promised_at = case when t.state = 'open' then t.promised_at end
	  from tried t where c.id = t.case_id
	returning c.*),
called_back as (
	insert into loket.call_event (call, event_id, municipality, kind, at, received_at)
	select e.call, 'loket:calledBack', e.municipality, 'calledBack', clock_timestamp(), clock_timestamp()
	  from tried t join loket.call w on w.case_id = t.case_id
	  join loket.call_event e on e.call = w.id and e.event_id = 'loket:promised' and e.received_at >= t.created_at
	 where t.state = 'reached'
	on conflict do nothing),
wrapping as (
	insert into loket.wrapup (agent, case_id, municipality, channel, until)
	select $3, id, municipality, channel, clock_timestamp() + make_interval(secs => $8::int) from moved
	 where $8::int > 0 and state = 'scheduled'
	on conflict (agent, case_id) do update set until = excluded.until)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), m.municipality, 'case.changed', m.id, $3,
       loket.case_told(m.id, m.state, m.product, m.municipality, 'callback', $9) ||
       jsonb_build_object('callback', jsonb_build_object('id', t.id, 'state', t.state, 'attempts', t.attempts))
  from moved m, tried t
returning id, at, municipality, kind, case_id, agent, payload
