-- party_contacts: what was said with somebody in all of their cases, the newest first
-- $1 uuid party, $2 uuid contact: only what arrived before it; null: all, $3 int how many
-- columns: id, case, channel, direction, visibility, kind, receivedAt, text (its beginning), attachments (how many), delivery
select t.id, t.case_id as "case", t.channel, t.direction, t.visibility, t.kind, t.received_at as "receivedAt", left(t.text, 500) as text,
       nullif(jsonb_array_length(t.attachments), 0) as attachments, t.delivery
  from (select id from loket.case_file where party = $1 offset 0) k
 cross join lateral (
	select * from loket.contact
	 where case_id = k.id
	   and ($2::uuid is null or (received_at, id) < (select b.received_at, b.id from loket.contact b where b.id = $2))
	 order by received_at desc fetch first ($3) rows with ties) t
 order by t.received_at desc, t.id desc limit $3
