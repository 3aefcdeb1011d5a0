-- intake_contact_insert: what was said
-- $1 uuid[] id, $2 text[] municipality, $3 text[] inbox, $4 text[] channel, $5 text[] direction, $6 text[] visibility,
-- $7 text[] kind, $8 text[] provider_id, $9 timestamptz[] provider_time, $10 timestamptz[] received_at,
-- $11 uuid[] case_id, $12 uuid[] party, $13 text[] name, $14 jsonb[] addresses, $15 text[] reply_to,
-- $16 text[] language, $17 text[] text, $18 jsonb[] attachments, $19 jsonb[] fields, $20 text[] flags (by comma),
-- $21 uuid[] agent, $22 uuid[] raw
insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, provider_id, provider_time,
	received_at, case_id, party, name, addresses, reply_to, language, text, attachments, fields, flags, agent, raw)
select unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
	unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::timestamptz[]), unnest($10::timestamptz[]),
	unnest($11::uuid[]), unnest($12::uuid[]), unnest($13::text[]), unnest($14::jsonb[]), unnest($15::text[]),
	unnest($16::text[]), unnest($17::text[]), unnest($18::jsonb[]), unnest($19::jsonb[]),
	string_to_array(unnest($20::text[]), ','), unnest($21::uuid[]), unnest($22::uuid[])
