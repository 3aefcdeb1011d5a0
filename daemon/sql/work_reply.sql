-- work_reply: a reply, its way out and its notice, if the case is still held by whom the writer thinks
-- $1 uuid case, $2 bigint epoch, $3 uuid owner, $4 uuid contact (new), $5 uuid writer or null, $6 text,
-- $7 jsonb template or null, $8 text address kind, $9 text address, $10 text provider id that is answered or null,
-- $11 text[] flags, $12 uuid contact it answers or null, $13 text visibility,
-- $14 text inbox it goes out by, $15 text its channel; null: those of the case, $16 bool work_reply_files follows
-- columns: the notice
with held as (
	update loket.case_file set last_contact_at = greatest(last_contact_at, clock_timestamp())
	 where id = $1 and epoch = $2 and owner = $3 and state = 'assigned' returning *),
said as (
	insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, received_at, case_id, party,
	       addresses, reply_to, language, text, fields, flags, delivery, delivery_at, agent)
	select $4, municipality, coalesce($14, inbox), coalesce($15, channel), 'out', $13, 'text', clock_timestamp(), id, party,
	       jsonb_build_array(jsonb_build_object('kind', $8::text, 'value', $9::text)), $10, language, $6,
	       case when $7::jsonb is null then null else jsonb_build_object('template', $7::jsonb) end, $11::text[],
	       'queued', clock_timestamp(), $5
	  from held returning *),
going as (
	insert into loket.outbox (contact, municipality, inbox, case_id, next_at, to_kind, to_value, template, answers, files)
	select id, municipality, inbox, case_id, received_at, $8, $9, $7, $12, $16::bool from said)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select s.received_at, s.municipality, 'delivery.changed', s.case_id, $3,
       jsonb_build_object('contact', jsonb_build_object('id', s.id, 'delivery', s.delivery),
                          'case', jsonb_build_object('id', s.case_id))
  from said s
returning id, at, municipality, kind, case_id, agent, payload
