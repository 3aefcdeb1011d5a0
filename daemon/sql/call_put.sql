-- call_put: what a call is by now; who read fewer of its events writes nothing
-- $1 uuid call, $2 text state, $3 text outcome or null, $4 text keys, $5 timestamptz started, $6 queued, $7 answered,
-- $8 ended, $9 int held_s, $10 uuid agent or null, $11 int n_events, and of what the caller was told, each or null:
-- $12 int wait_s, $13 text basis, $14 int ahead, $15 int plain_ms
-- columns: id
insert into loket.call as w (id, municipality, inbox, provider_id, case_id, state, outcome, menu, language, started_at, queued_at,
	answered_at, ended_at, held_s, agent, n_events, told_wait_s, told_basis, told_ahead, told_plain_ms, seen_at)
select c.id, c.municipality, c.inbox, c.provider_id, c.case_id, $2, $3, $4, c.language, $5, $6, $7, $8, $9, $10, $11, $12, $13,
       $14, $15, clock_timestamp()
  from loket.contact c where c.id = $1
on conflict (id) do update
	set state = excluded.state, outcome = excluded.outcome, menu = excluded.menu, started_at = excluded.started_at,
		queued_at = excluded.queued_at, answered_at = excluded.answered_at, ended_at = excluded.ended_at,
		held_s = excluded.held_s, agent = excluded.agent, n_events = excluded.n_events,
		told_wait_s = coalesce(w.told_wait_s, excluded.told_wait_s),
		told_basis = coalesce(w.told_basis, excluded.told_basis),
		told_ahead = coalesce(w.told_ahead, excluded.told_ahead),
		told_plain_ms = coalesce(w.told_plain_ms, excluded.told_plain_ms), seen_at = excluded.seen_at
	where w.n_events <= excluded.n_events
returning id
