-- sort_propose: what the rules of lib/core/theme and tone make of posts; what a person said stays
-- $1 uuid[] posts, $2 text[] theme, $3 text[] area, $4 text[] sentiment: null where there is none; $5 jsonb[] the words
-- columns: the notices
with changed as (
	update loket.post p
	   set theme = case when p.labelled_by is null then t.theme else p.theme end,
	       area = case when p.labelled_by is null then t.area else p.area end,
	       sentiment = case when p.labelled_by is null then t.sentiment else p.sentiment end,
	       because = t.because
	  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[]) t (id, theme, area, sentiment, because)
	 where p.id = t.id and p.because is null returning p.*)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), p.municipality, 'post.changed', p.case_id, null,
       loket.post_told(p.id, p.channel, p.state, p.claimed_by, p.outcome, p.case_id, p.municipality, 'proposed')
  from changed p
returning id, at, municipality, kind, case_id, agent, payload
