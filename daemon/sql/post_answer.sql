-- post_answer: an answer to a post, its way out and the notices, unless somebody else has the post
-- $1 uuid post, $2 uuid agent, $3 text action ('answer' or 'private'), $4 uuid contact (new), $5 text,
-- $6 text address kind, $7 text address, $8 text[] flags, $9 text visibility, $10 jsonb for the logbook
-- columns: the notices
with mine as (
	update loket.post
	   set state = 'claimed', claimed_by = $2, claimed_until = null,
	       actions = case when $3 = any (actions) then actions else actions || $3::text end
	 where id = $1
	   and (state = 'waiting' or state = 'claimed' and (claimed_by = $2 or claimed_until <= clock_timestamp()))
	returning *),
held as (
	update loket.case_file k set last_contact_at = greatest(last_contact_at, clock_timestamp())
	  from mine where k.id = mine.case_id returning k.id, k.party, k.language),
said as (
	insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, received_at, case_id, party,
	       addresses, language, text, flags, delivery, delivery_at, agent)
	select $4, m.municipality, m.inbox, m.channel, 'out', $9, 'text', clock_timestamp(), h.id, h.party,
	       jsonb_build_array(jsonb_build_object('kind', $6::text, 'value', $7::text)), h.language, $5, $8::text[],
	       'queued', clock_timestamp(), $2
	  from mine m, held h returning *),
going as (
	insert into loket.outbox (contact, municipality, inbox, case_id, next_at, to_kind, to_value, answers)
	select id, municipality, inbox, case_id, received_at, $6, $7, $1 from said),
logged as (
	insert into loket.post_log (post, municipality, agent, action, detail)
	select id, municipality, $2, $3, $10 from mine)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), p.municipality, 'post.changed', p.case_id, $2::uuid,
	       loket.post_told(p.id, p.channel, p.state, p.claimed_by, p.outcome, p.case_id, p.municipality, $3::text)
	  from mine p
	union all
	select received_at, municipality, 'delivery.changed', case_id, null,
	       jsonb_build_object('contact', jsonb_build_object('id', id, 'delivery', delivery),
	                          'case', jsonb_build_object('id', case_id))
	  from said) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
