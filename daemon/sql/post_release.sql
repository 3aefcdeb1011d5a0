-- post_release: whoever had a post leaves it to the others
-- $1 uuid post, $2 uuid agent, $3 bool also somebody else's, $4 jsonb for the logbook
-- columns: the notice
with free as (
	update loket.post set state = 'waiting', claimed_by = null, claimed_until = null
	 where id = $1 and state = 'claimed' and (claimed_by = $2 or $3) returning *),
logged as (
	insert into loket.post_log (post, municipality, agent, action, detail)
	select id, municipality, $2, 'release', $4 from free)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), p.municipality, 'post.changed', p.case_id, $2::uuid,
       loket.post_told(p.id, p.channel, p.state, p.claimed_by, p.outcome, p.case_id, p.municipality, 'release')
  from free p
returning id, at, municipality, kind, case_id, agent, payload
