-- receipt_say: the receipt of a formal message, its way out, and both in the proof; once
-- $1 uuid message, $2 uuid receipt (new), or null: none is sent; $3 text how, $4 text why not or null, $5 text, $6 text address kind,
-- $7 text address, $8 text inbox it goes out by, $9 text its channel; null: those of the message, $10 text SHA-256 of $5 or null
-- columns: the notice; none when nothing is sent
with taken as (
	insert into loket.receipt (contact, municipality, case_id, reply, how, why, at, looked_at, open)
	select id, municipality, case_id, $2, $3, $4, clock_timestamp(), clock_timestamp(), $2::uuid is not null
	  from loket.contact where id = $1
	on conflict do nothing returning *),
said as (
	insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, received_at, case_id, party,
	       addresses, language, text, flags, delivery, delivery_at)
	select t.reply, t.municipality, coalesce($8, c.inbox), coalesce($9, c.channel), 'out', 'private', 'text', t.at, t.case_id, c.party,
	       jsonb_build_array(jsonb_build_object('kind', $6::text, 'value', $7::text)), f.language, $5, '{automatic}', 'queued', t.at
	  from taken t join loket.contact c on c.id = t.contact join loket.case_file f on f.id = t.case_id
	 where t.reply is not null returning *),
going as (
	insert into loket.outbox (contact, municipality, inbox, case_id, next_at, to_kind, to_value, answers)
	select id, municipality, inbox, case_id, received_at, $6, $7, $1 from said),
proved as (
	insert into loket.proof (municipality, at, case_id, contact, what, detail)
	select * from (
		select t.municipality, c.received_at, t.case_id, t.contact, 'received',
		       jsonb_strip_nulls(jsonb_build_object('reference', f.reference, 'inbox', c.inbox,
		                                            'sha256', encode(sha256(r.body), 'hex')))
		  from taken t join loket.contact c on c.id = t.contact join loket.case_file f on f.id = t.case_id
		  left join loket.raw r on r.id = c.raw
		union all
		select t.municipality, t.at, t.case_id, t.contact, 'receipt',
		       jsonb_strip_nulls(jsonb_build_object('how', t.how, 'why', t.why, 'contact', t.reply, 'sha256', $10::text))
		  from taken t) p)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select s.received_at, s.municipality, 'delivery.changed', s.case_id, f.owner,
       jsonb_build_object('contact', jsonb_build_object('id', s.id, 'delivery', s.delivery),
                          'case', jsonb_build_object('id', s.case_id))
  from said s join loket.case_file f on f.id = s.case_id
returning id, at, municipality, kind, case_id, agent, payload
