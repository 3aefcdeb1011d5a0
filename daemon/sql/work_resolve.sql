-- work_resolve: the end of a case, with its outcome; the agent's slot stays in use for the wrap-up; nobody
-- calls back any more
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 text outcome,
-- $6 uuid note (new), $7 uuid writer or null, $8 text note or null, $9 int seconds of wrap-up, $10 text why
-- $11 text outcome of the help, or null: one that is open needs one, unless all of it is spam
-- columns: the notice
with closed as (
	update loket.case_file
	   set state = 'closed', outcome = $5, closed_at = clock_timestamp(), owner = null, wanted_agent = null,
	       wanted_team = null, promised_at = null,
	       flags = case when $5 = 'spam' then array_append(array_remove(flags, 'spam'), 'spam') else flags end
	 where id = $1 and epoch = $2 and owner is not distinct from $3::uuid and state = $4
	   and ($5 <> 'promised' or exists (select from loket.task t where t.case_id = $1 and t.state = 'open'))
	   and ($5 = 'spam' or not exists (select from loket.help_request h where h.case_id = $1 and h.ended_at is null
		and ($11::text is null or $11 = 'doneForThem' and h.consent_at is null)))
	returning *),
helped as (
	update loket.help_request h set ended_at = c.closed_at, outcome = $11, coach = coalesce(h.coach, $3::uuid),
	       helped_at = case when $11::text is null then h.helped_at else coalesce(h.helped_at, c.closed_at) end
	  from closed c where h.case_id = c.id and h.ended_at is null),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $6, municipality, id, $7, clock_timestamp(), $8 from closed where $8::text is not null),
called_off as (
	update loket.callback k set state = 'cancelled', ended_at = clock_timestamp()
	  from closed c where k.case_id = c.id and k.state = 'open'),
wrapping as (
	insert into loket.wrapup (agent, case_id, municipality, channel, until)
	select $3, id, municipality, channel, clock_timestamp() + make_interval(secs => $9::int) from closed
	 where $9::int > 0 and $3::uuid is not null
	on conflict (agent, case_id) do update set until = excluded.until)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, $3,
       jsonb_build_object('case', jsonb_build_object('id', id, 'state', state, 'product', product,
                          'municipality', municipality, 'outcome', outcome), 'event', 'resolve', 'why', $10::text)
  from closed
returning id, at, municipality, kind, case_id, agent, payload
