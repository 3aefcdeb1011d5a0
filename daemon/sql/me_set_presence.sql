-- me_set_presence: an agent says whether work may be offered. Ready ends wrap-ups and forgets missed offers
-- $1 uuid agent, $2 text state, $3 text reason or null, $4 jsonb channels (array of text) or null: all
-- columns: the notice
with said as (
	insert into loket.presence as p (agent, municipalities, state, reason, channels, since, missed, idle_since, seen_at)
	select a.id, a.municipalities, $2, $3, (select array_agg(t) from jsonb_array_elements_text($4::jsonb) t),
	       clock_timestamp(), 0, clock_timestamp(), clock_timestamp()
	  from loket.agent a where a.id = $1
	on conflict (agent) do update
	   set municipalities = excluded.municipalities, state = excluded.state, reason = excluded.reason,
	       channels = excluded.channels, missed = 0, seen_at = excluded.seen_at,
	       since = case when p.state = excluded.state then p.since else excluded.since end,
	       idle_since = case when p.state = excluded.state then p.idle_since else excluded.idle_since end
	returning p.agent, p.municipalities, p.state, p.reason),
ended as (
	delete from loket.wrapup where agent = $1 and $2 = 'ready')
insert into loket.notice (at, municipality, kind, agent, payload)
select clock_timestamp(), (select m from unnest(municipalities) m where m = any (loket.scope()) limit 1),
       'presence.changed', agent,
       jsonb_build_object('agent', jsonb_strip_nulls(jsonb_build_object('id', agent, 'state', state, 'reason', reason)))
  from said
returning id, at, municipality, kind, case_id, agent, payload
