-- cases_contacts: the newest contacts of each case and of those that were merged into it, in the order of the conversation (P7: provider time, then arrival)
-- $1 uuid[] cases, $2 uuid[] for each of a contact: only what arrived before it, null: all; $3 int how many of a case: when
-- there are more, one more is given, and it stands first
-- columns: n (which case, from 1), and the normalised contact of the contract, with its delivery
select q.n, x.*
  from unnest($1::uuid[], $2::uuid[]) with ordinality q (id, before, n)
 cross join lateral (
with newest as (
	select c.id, inbox, municipality, channel, direction, visibility, kind, provider_id as "providerId",
	       provider_time as "providerTime", received_at as "receivedAt",
	       jsonb_strip_nulls(jsonb_build_object('addresses', addresses, 'name', name)) as "from",
	       reply_to as "replyTo", language, text, loket.attachments_of(c.id, attachments) as attachments, fields, to_jsonb(flags) as flags, delivery,
	       delivery_at as "deliveryAt", delivery_error as "deliveryError", agent, case_id as "case", party,
	       case when kind = 'call' then (select jsonb_strip_nulls(jsonb_build_object('state', w.state, 'outcome', w.outcome,
	                'waitSeconds', round(extract(epoch from coalesce(w.answered_at, w.ended_at, clock_timestamp())
	                                                        - coalesce(w.queued_at, w.started_at))),
	                'talkSeconds', round(extract(epoch from w.ended_at - w.answered_at)) - w.held_s,
	                'heldSeconds', case when w.answered_at is not null then w.held_s end))
	           from loket.call w where w.id = c.id) end as call
	  from (select t.* from (select q.id union all (select id from loket.case_file where merged_into = q.id limit 50)) one
	         cross join lateral (
		select * from loket.contact
		 where case_id = one.id
		   and (q.before is null or (received_at, id) < (select b.received_at, b.id from loket.contact b where b.id = q.before))
		 order by received_at desc, id desc limit $3 + 1) t
	         order by received_at desc, id desc limit $3 + 1) c)
select * from newest
 order by ((select count(*) from newest) > $3
           and id = (select o.id from newest o order by o."receivedAt", o.id limit 1)) desc,
      coalesce("providerTime", "receivedAt"), "receivedAt", id
) x
