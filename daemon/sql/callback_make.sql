-- callback_make: somebody will call back. Later: the case waits outside the queue until then, and an offer of it ends.
-- As soon as possible: it waits in the queue. Either way with its first arrival. One promise of a case is open at a time:
-- another moment takes the place of the one before
-- $1 uuid case, $2 bigint epoch (null: whatever it is), $3 uuid owner or null, $4 uuid promise (new),
-- $5 uuid call or null, $6 text address kind, $7 text address, $8 text reason, $9 timestamptz not before, $10 timestamptz promised before,
-- $11 uuid agent who promises or null, $12 int seconds of wrap-up, $13 text why, $14 bool only when $15 timestamptz (or
-- null) is still what was promised
-- columns: the notices (case.changed, offer.withdrawn); none when the case is closed, in triage or not as it was read
with seen as (
	select id, state, $9::timestamptz > clock_timestamp() as later from loket.case_file
	 where id = $1 and state in ('queued', 'offered', 'assigned', 'scheduled')
	   and ($2::bigint is null or (epoch = $2 and owner is not distinct from $3::uuid))
	   and (not $14::bool or promised_at is not distinct from $15::timestamptz)
	for update),
changed as (
	update loket.case_file c
	   set state = case when s.later then 'scheduled' when s.state = 'offered' then 'offered' else 'queued' end,
	       owner = null, promised_at = $10, due_at = least(c.due_at, $10)
	  from seen s where c.id = s.id
	returning c.*, s.later),
kept as (
	insert into loket.callback as k (id, municipality, case_id, call, to_kind, to_value, reason, not_before, promised_at,
	       due, created_at, created_by)
	select $4, municipality, id, $5, $6, $7, $8, $9, $10, not later, clock_timestamp(), $11 from changed
	on conflict (case_id) where state = 'open' do update
	   set call = coalesce(excluded.call, k.call), to_kind = excluded.to_kind, to_value = excluded.to_value,
	       reason = excluded.reason, not_before = excluded.not_before, promised_at = excluded.promised_at,
	       due = excluded.due
	returning id, case_id, not_before, promised_at),
withdrawn as (
	update loket.offer o set state = 'withdrawn', ended_at = clock_timestamp()
	  from changed c where o.case_id = c.id and o.state = 'made' and c.later
	returning o.id, o.case_id, o.agent, o.municipality),
wrapping as (
	insert into loket.wrapup (agent, case_id, municipality, channel, until)
	select $3, id, municipality, channel, clock_timestamp() + make_interval(secs => $12::int) from changed
	 where $12::int > 0 and $3::uuid is not null
	on conflict (agent, case_id) do update set until = excluded.until)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), c.municipality, 'case.changed', c.id, $3::uuid,
	       loket.case_told(c.id, c.state, c.product, c.municipality, 'schedule', $13) ||
	       jsonb_build_object('callback', jsonb_build_object('id', k.id, 'promisedAt',
	                          to_char(k.promised_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
	  from changed c join kept k on k.case_id = c.id
	union all
	select clock_timestamp(), municipality, 'offer.withdrawn', case_id, agent,
	       loket.offer_ended_told(id, case_id, 'caseChanged')
	  from withdrawn) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
