-- post_hand: the case of a post goes to the agents, with all its posts, unless a colleague is busy with another of them;
-- the citizen's wait goes on
-- $1 uuid post, $2 uuid agent, $3 text action, $4 text product or null, $5 uuid note (new), $6 text note or null,
-- $7 text why, $8 jsonb for the logbook
-- columns: the notices
with mine as (
	select p.* from loket.post p
	 where id = $1
	   and (state = 'waiting' or state = 'claimed' and (claimed_by = $2 or claimed_until <= clock_timestamp()))
	   and not exists (
		select from loket.post o
		 where o.case_id = p.case_id and o.id <> p.id and o.state = 'claimed' and o.claimed_by <> $2
		   and coalesce(o.claimed_until > clock_timestamp(), true))
	 for update),
done as (
	update loket.post p
	   set state = 'done', outcome = 'case', claimed_by = null, claimed_until = null, done_at = clock_timestamp(), done_by = $2
	  from mine m where p.case_id = m.case_id and p.state <> 'done' returning p.*),
handed as (
	update loket.case_file k set state = 'queued', product = coalesce($4, k.product)
	  from mine m where k.id = m.case_id and k.state = 'triage' returning k.*),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $5, municipality, case_id, $2, clock_timestamp(), $6 from mine where $6::text is not null),
logged as (
	insert into loket.post_log (post, municipality, agent, action, detail)
	select id, municipality, $2, $3, $8 from done)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), p.municipality, 'post.changed', p.case_id, $2::uuid,
	       loket.post_told(p.id, p.channel, p.state, p.claimed_by, p.outcome, p.case_id, p.municipality, $3::text)
	  from done p
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null,
	       loket.case_told(id, state, product, municipality, 'hand', $7)
	  from handed) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
