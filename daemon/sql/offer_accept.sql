-- offer_accept: the agent takes the case; PostgreSQL's clock says whether the offer still stands.
-- What became option 0 after it was offered is for a coach
-- $1 uuid offer, $2 uuid agent
-- columns: the notice
with good as (
	select * from loket.offer
	 where id = $1 and agent = $2 and state = 'made' and expires_at > clock_timestamp()
	for update),
taken as (
	update loket.case_file c set state = 'assigned', owner = o.agent
	  from good o
	 where c.id = o.case_id and c.state = 'offered' and c.epoch = o.epoch
	   and (not c.option0 or exists (select from loket.agent g where g.id = $2 and g.role = 'coach'))
	returning c.*),
ended as (
	update loket.offer set state = 'accepted', ended_at = clock_timestamp()
	 where id = $1 and exists (select from taken)),
helped as (
	update loket.help_request h set helped_at = coalesce(h.helped_at, clock_timestamp()), coach = $2
	  from taken t where h.case_id = t.id and h.ended_at is null and t.option0),
busy as (
	update loket.presence set missed = 0, idle_since = clock_timestamp(), seen_at = clock_timestamp()
	 where agent = $2 and exists (select from taken))
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       loket.case_told(id, state, product, municipality, 'accept', 'the agent took it', owner => owner)
  from taken
returning id, at, municipality, kind, case_id, agent, payload
