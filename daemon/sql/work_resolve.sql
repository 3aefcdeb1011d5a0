-- work_resolve: the end of a case, with its outcome; the agent's slot stays in use for the wrap-up; nobody calls back any
-- more. What routing may learn from: who had it first, when the party is known and it is their first case about this for
-- five working days
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 text outcome,
-- $6 uuid note (new), $7 uuid writer or null, $8 text note or null, $9 int seconds of wrap-up, $10 text why
-- $11 text outcome of the help, or null: one that is open needs one, unless all of it is spam
-- $12 timestamptz five working days before the case was opened, $13 timestamptz five working days from now
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
	on conflict (agent, case_id) do update set until = excluded.until),
learning as (
	insert into loket.outcome (case_id, municipality, product, agent, at, due_at)
	select * from (
		select k.id, k.municipality, case when k.option0 then '' else k.product end,
		       case when k.transfers = 0 then $3::uuid
		            else (select o.agent from loket.offer o where o.case_id = k.id and o.state = 'accepted'
		                   order by o.made_at limit 1) end as agent,
		       k.closed_at, $13::timestamptz
		  from closed k
		 where k.party is not null and k.reopened = 0 and k.outcome not in ('spam', 'notForUs', 'unreachable')
		   and not exists (select from loket.case_file b
		                    where b.party = k.party and b.product = k.product and b.id <> k.id and b.merged_into is null
		                      and b.opened_at < k.opened_at and b.last_contact_at > $12::timestamptz)) first
	 where agent is not null
	on conflict do nothing)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, $3,
       loket.case_told(id, state, product, municipality, 'resolve', $10, outcome => outcome)
  from closed
returning id, at, municipality, kind, case_id, agent, payload
