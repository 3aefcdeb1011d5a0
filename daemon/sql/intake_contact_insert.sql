-- intake_contact_insert: what was said
-- $1 uuid[] id, $2 text[] municipality, $3 text[] inbox, $4 text[] channel, $5 text[] direction, $6 text[] visibility,
-- $7 text[] kind, $8 text[] provider_id, $9 timestamptz[] provider_time, $10 timestamptz[] received_at,
-- $11 uuid[] case_id, $12 uuid[] party, $13 text[] name, $14 jsonb[] addresses, $15 text[] reply_to,
-- $16 text[] language, $17 text[] text, $18 jsonb[] attachments, $19 jsonb[] fields, $20 text[] flags (by comma),
-- $21 uuid[] agent, $22 uuid[] raw
insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, provider_id, provider_time,
	received_at, case_id, party, name, addresses, reply_to, language, text, attachments, fields, flags, agent, raw)
select u.id, u.municipality, u.inbox, u.channel, u.direction, u.visibility, u.kind, u.provider_id, u.provider_time,
	u.received_at, u.case_id, u.party, u.name, u.addresses, u.reply_to, u.language, u.text, u.attachments, u.fields,
	string_to_array(u.flags, ','), u.agent, u.raw
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
	$9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::text[], $14::jsonb[], $15::text[],
	$16::text[], $17::text[], $18::jsonb[], $19::jsonb[], $20::text[], $21::uuid[], $22::uuid[])
	u (id, municipality, inbox, channel, direction, visibility, kind, provider_id, provider_time, received_at,
		case_id, party, name, addresses, reply_to, language, text, attachments, fields, flags, agent, raw)
