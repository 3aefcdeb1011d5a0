-- work_reopen: it was not solved after all: the wait begins now
-- $1 uuid case, $2 uuid note (new), $3 uuid writer or null, $4 text note or null, $5 int seconds until it is late,
-- $6 text why
-- columns: arrived_at and due_at of the case, and the notice
with opened as (
	update loket.case_file k
	   set state = 'queued', outcome = null, closed_at = null, arrived_at = now.at,
	       due_at = now.at + make_interval(secs => $5::int), reopened = reopened + 1, transfers = 0,
	       flags = array_remove(flags, 'spam')
	  from (select clock_timestamp() as at) now
	 where k.id = $1 and k.state = 'closed' and k.merged_into is null returning k.*),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $2, municipality, id, $3, clock_timestamp(), $4 from opened where $4::text is not null),
told as (
	insert into loket.notice (at, municipality, kind, case_id, agent, payload)
	select arrived_at, municipality, 'case.changed', id, $3,
	       loket.case_told(id, state, product, municipality, 'reopen', $6)
	  from opened
	returning id, at, municipality, kind, case_id, agent, payload)
select t.*, o.arrived_at, o.due_at from told t, opened o
