-- dispatch_claim: make offers. A case that no longer waits, and an agent who is no longer ready, is passed over
-- $1 text lease holder, $2 bigint lease epoch, $3 int seconds an offer stands,
-- per offer: $4 uuid[] id, $5 uuid[] case, $6 uuid[] agent, $7 text[] rule, $8 bigint[] agents considered,
-- $9 jsonb[] candidates, $10 jsonb[] left out, $11 text[] policy, $12 jsonb[] log (lib/core/replay); of the municipalities
-- they are for: $13 text[] id, $14 jsonb[] the settings they were decided with, of which a version is kept once
-- columns: the notices (offer.made)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
wish as (
	select * from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::jsonb[], $10::jsonb[],
	                     $11::text[], $12::jsonb[])
	         as w (offer, case_id, agent, rule, considered, candidates, left_out, policy, log)),
versions as (
	select s.*, sha256(convert_to(settings::text, 'UTF8')) as hash
	  from unnest($13::text[], $14::jsonb[]) as s (municipality, settings), fence),
kept as (
	insert into loket.routing_settings (hash, settings) select hash, settings from versions
	on conflict do nothing),
claimed as (
	update loket.case_file c
	   set state = 'offered', epoch = c.epoch + 1
	  from wish w, fence
	 where c.id = w.case_id and c.state = 'queued'
	   and exists (select from loket.presence p where p.agent = w.agent and p.state = 'ready')
	   and (not c.option0 or exists (select from loket.agent g where g.id = w.agent and g.role = 'coach'))
	   and not exists (select from loket.offer o where o.case_id = c.id and o.state = 'made')
	returning c.*, w.offer, w.agent, w.rule, w.considered, w.candidates, w.left_out, w.policy, w.log),
made as (
	insert into loket.offer (id, case_id, municipality, agent, epoch, channel, state, made_at, expires_at)
	select offer, id, municipality, agent, epoch, channel, 'made', clock_timestamp(),
	       clock_timestamp() + make_interval(secs => $3::int)
	  from claimed
	returning id, made_at, expires_at),
logged as (
	insert into loket.routing (case_id, municipality, at, policy, rule, chosen, n_considered, candidates, left_out, log,
		settings_hash)
	select c.id, c.municipality, clock_timestamp(), policy, rule, agent, considered, candidates, left_out, log, v.hash
	  from claimed c left join versions v on v.municipality = c.municipality)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select m.made_at, c.municipality, 'offer.made', c.id, c.agent,
       jsonb_build_object(
         'offer', jsonb_strip_nulls(jsonb_build_object('id', m.id,
                    'expiresAt', to_char(m.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                    'callback', (select jsonb_build_object('id', k.id, 'attempts', k.attempts, 'promisedAt',
                                   to_char(k.promised_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                                   from loket.callback k where k.case_id = c.id and k.state = 'open'))),
         'case', jsonb_build_object('id', c.id, 'reference', c.reference, 'product', c.product,
                   'municipality', c.municipality, 'channel', c.channel, 'flags', to_jsonb(c.flags),
                   'option0', c.option0, 'language', c.language,
                   'arrivedAt', to_char(c.arrived_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                 || case when c.option0 then coalesce((
                      select jsonb_build_object('helpRequest', jsonb_strip_nulls(jsonb_build_object('product', h.product,
                               'page', h.page, 'step', h.step)))
                        from loket.help_request h where h.case_id = c.id and h.ended_at is null), '{}') else '{}' end)
  from claimed c join made m on m.id = c.offer
returning id, at, municipality, kind, case_id, agent, payload
