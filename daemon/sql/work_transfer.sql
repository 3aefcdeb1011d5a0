-- work_transfer: back to the queue for somebody better placed, with a note; the citizen's wait is not begun again
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null; to: $4 uuid agent, $5 text team, $6 text product (null if not);
-- $7 uuid note (new), $8 uuid writer or null, $9 text note, $10 text why, $11 int seconds of wrap-up,
-- $12 text state as it was read
-- columns: the notice
with moved as (
	update loket.case_file
	   set state = 'queued', owner = null, transfers = transfers + 1, wanted_agent = $4, wanted_team = $5,
	       product = coalesce($6, product)
	 where id = $1 and epoch = $2 and owner is not distinct from $3::uuid and state = $12 returning *),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $7, municipality, id, $8, clock_timestamp(), $9 from moved),
wrapping as (
	insert into loket.wrapup (agent, case_id, municipality, channel, until)
	select $3, id, municipality, channel, clock_timestamp() + make_interval(secs => $11::int) from moved
	 where $11::int > 0 and $3::uuid is not null
	on conflict (agent, case_id) do update set until = excluded.until)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, $3,
       loket.case_told(id, state, product, municipality, 'transfer', $10)
  from moved
returning id, at, municipality, kind, case_id, agent, payload
