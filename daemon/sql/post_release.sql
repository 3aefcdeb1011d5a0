-- post_release: whoever had a post leaves it to the others
-- $1 uuid post, $2 uuid agent, $3 bool also somebody else's
-- columns: the notice
with free as (
	update loket.post set state = 'waiting', claimed_by = null, claimed_until = null
	 where id = $1 and state = 'claimed' and (claimed_by = $2 or $3) returning *)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), p.municipality, 'post.changed', p.case_id, $2::uuid,
       jsonb_build_object('post', jsonb_strip_nulls(jsonb_build_object('id', p.id, 'channel', p.channel, 'state', p.state,
                          'claimedBy', p.claimed_by, 'outcome', p.outcome)),
                          'case', jsonb_build_object('id', p.case_id, 'municipality', p.municipality), 'event', 'release')
  from free p
returning id, at, municipality, kind, case_id, agent, payload
