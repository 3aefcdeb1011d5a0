-- outbox_end: it failed for good, or nobody knows what became of it; reports that say more stay
-- $1 uuid contact, $2 text 'failed' or 'uncertain', $3 text why, for people
-- columns: the notice, when something changed
with went as (
	update loket.outbox set state = 'done', holder = null where contact = $1),
now_is as (
	update loket.contact set delivery = $2, delivery_at = clock_timestamp(), delivery_error = $3
	 where id = $1 and delivery in ('queued', 'sending') returning *)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), n.municipality, 'delivery.changed', n.case_id, f.owner,
       jsonb_build_object('contact', jsonb_build_object('id', n.id, 'delivery', n.delivery),
                          'case', jsonb_build_object('id', n.case_id))
  from now_is n left join loket.case_file f on f.id = n.case_id
returning id, at, municipality, kind, case_id, agent, payload
