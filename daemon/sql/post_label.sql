-- post_label: what a post is about and how it sounds, as a person sees it; whoever has it keeps it
-- $1 uuid post, $2 uuid agent, $3 jsonb: theme, area, sentiment ("": none), tags; what is not in it stays
-- columns: the notice
with changed as (
	update loket.post
	   set theme = case when $3::jsonb ? 'theme' then nullif($3::jsonb ->> 'theme', '') else theme end,
	       area = case when $3::jsonb ? 'area' then nullif($3::jsonb ->> 'area', '') else area end,
	       sentiment = case when $3::jsonb ? 'sentiment' then nullif($3::jsonb ->> 'sentiment', '') else sentiment end,
	       tags = case when $3::jsonb ? 'tags' then array(select jsonb_array_elements_text($3::jsonb -> 'tags')) else tags end,
	       labelled_by = case when $3::jsonb ?| '{theme,area,sentiment}' then $2 else labelled_by end
	 where id = $1 returning *),
logged as (
	insert into loket.post_log (post, municipality, agent, action, detail)
	select id, municipality, $2, 'label', $3 from changed)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), p.municipality, 'post.changed', p.case_id, $2::uuid,
       loket.post_told(p.id, p.channel, p.state, p.claimed_by, p.outcome, p.case_id, p.municipality, 'label')
  from changed p
returning id, at, municipality, kind, case_id, agent, payload
