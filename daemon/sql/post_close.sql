-- post_close: a post is done, and its case with the last one of it. Spam is all of it at once, unless a colleague is busy
-- with another post there
-- $1 uuid post, $2 uuid agent, $3 text action, $4 text outcome, null: what was done tells; $5 bool spam,
-- $6 uuid note (new), $7 text note or null, $8 text why, $9 jsonb for the logbook
-- columns: the notices
with mine as (
	select p.*, coalesce($4,
	       case when exists (select from loket.task t where t.case_id = p.case_id and t.state = 'open') then 'promised'
	            when exists (select from loket.post o where o.case_id = p.case_id and o.actions && '{answer,private}')
	            then 'solved' else 'notForUs' end) as result
	  from loket.post p
	 where id = $1
	   and (state = 'waiting' or state = 'claimed' and (claimed_by = $2 or claimed_until <= clock_timestamp()))
	   and (not $5 or not exists (
		select from loket.post o
		 where o.case_id = p.case_id and o.id <> p.id and o.state = 'claimed' and o.claimed_by <> $2
		   and coalesce(o.claimed_until > clock_timestamp(), true)))
	 for update),
done as (
	update loket.post p
	   set state = 'done', outcome = m.result, claimed_by = null, claimed_until = null, done_at = clock_timestamp(),
	       done_by = $2
	  from mine m where p.id = m.id or $5 and p.case_id = m.case_id and p.state <> 'done' returning p.*),
closed as (
	update loket.case_file k
	   set state = 'closed', outcome = m.result, closed_at = clock_timestamp(),
	       flags = case when $5 then array_append(array_remove(k.flags, 'spam'), 'spam') else k.flags end
	  from mine m
	 where k.id = m.case_id and k.state = 'triage'
	   and ($5 or not exists (select from loket.post o where o.case_id = k.id and o.id <> m.id and o.state <> 'done'))
	returning k.*),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $6, municipality, case_id, $2, clock_timestamp(), $7 from mine where $7::text is not null),
logged as (
	insert into loket.post_log (post, municipality, agent, action, detail)
	select id, municipality, $2, $3, coalesce($9::jsonb, '{}') || jsonb_build_object('outcome', outcome) from done)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), p.municipality, 'post.changed', p.case_id, $2::uuid,
	       loket.post_told(p.id, p.channel, p.state, p.claimed_by, p.outcome, p.case_id, p.municipality, $3::text)
	  from done p
	union all
	select clock_timestamp(), municipality, 'case.changed', id, null,
	       loket.case_told(id, state, product, municipality, 'finish', $8, outcome => outcome)
	  from closed) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
