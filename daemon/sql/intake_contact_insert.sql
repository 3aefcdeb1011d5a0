-- intake_contact_insert: what was said
-- $1 uuid[] id, $2 text[] municipality*, $3 text[] inbox*, $4 text[] channel*, $5 text[] direction*, $6 text[] visibility*,
-- $7 text[] kind*, $8 text[] provider_id, $9 timestamptz[] provider_time, $10 timestamptz[] received_at,
-- $11 uuid[] case_id, $12 uuid[] party, $13 text[] name, $14 jsonb[] addresses, $15 text[] reply_to,
-- $16 text[] language, $17 text[] text, $18 jsonb[] attachments (null: none), $19 jsonb[] fields, $20 text[] flags (by comma;
-- null: none), $21 uuid[] agent, $22 uuid[] raw. * one is enough when all are the same
insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, provider_id, provider_time,
	received_at, case_id, party, name, addresses, reply_to, language, text, attachments, fields, flags, agent, raw)
select id, coalesce(municipality, ($2::text[])[1]), coalesce(inbox, ($3::text[])[1]), coalesce(channel, ($4::text[])[1]),
	coalesce(direction, ($5::text[])[1]), coalesce(visibility, ($6::text[])[1]), coalesce(kind, ($7::text[])[1]),
	provider_id, provider_time, received_at, case_id, party, name, addresses, reply_to, language, text,
	coalesce(attachments, '[]'), fields, coalesce(string_to_array(flags, ','), '{}'), agent, raw
from (select unnest($1::uuid[]) as id, unnest($2::text[]) as municipality, unnest($3::text[]) as inbox,
	unnest($4::text[]) as channel, unnest($5::text[]) as direction, unnest($6::text[]) as visibility,
	unnest($7::text[]) as kind, unnest($8::text[]) as provider_id, unnest($9::timestamptz[]) as provider_time,
	unnest($10::timestamptz[]) as received_at, unnest($11::uuid[]) as case_id, unnest($12::uuid[]) as party,
	unnest($13::text[]) as name, unnest($14::jsonb[]) as addresses, unnest($15::text[]) as reply_to,
	unnest($16::text[]) as language, unnest($17::text[]) as text, unnest($18::jsonb[]) as attachments,
	unnest($19::jsonb[]) as fields, unnest($20::text[]) as flags, unnest($21::uuid[]) as agent,
	unnest($22::uuid[]) as raw) u
