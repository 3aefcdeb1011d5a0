-- intake_case_insert: new questions
-- $1 uuid[] id, $2 text[] municipality*, $3 text[] reference, $4 text[] product, $5 uuid[] party, $6 text[] inbox*,
-- $7 text[] channel*, $8 text[] language*, $9 text[] state*, $10 text[] outcome, $11 text[] flags (by comma; null: none),
-- $12 bool[] option0*, $13 timestamptz[] arrived_at (also opened_at), $14 timestamptz[] due_at,
-- $15 timestamptz[] last_contact_at, $16 timestamptz[] closed_at, $17 uuid[] owner, $18 bigint[] epoch*, $19 text[] post,
-- $20 text[] arm. * one is enough when all are the same
insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, language, state, outcome,
	flags, option0, opened_at, arrived_at, due_at, last_contact_at, closed_at, owner, epoch, post, arm)
select id, coalesce(municipality, ($2::text[])[1]), reference, product, party, coalesce(inbox, ($6::text[])[1]),
	coalesce(channel, ($7::text[])[1]), coalesce(language, ($8::text[])[1]), coalesce(state, ($9::text[])[1]), outcome,
	coalesce(string_to_array(flags, ','), '{}'), coalesce(option0, ($12::bool[])[1]), arrived_at, arrived_at, due_at,
	last_contact_at, closed_at, owner, coalesce(epoch, ($18::bigint[])[1]), post, arm
from (select unnest($1::uuid[]) as id, unnest($2::text[]) as municipality, unnest($3::text[]) as reference,
	unnest($4::text[]) as product, unnest($5::uuid[]) as party, unnest($6::text[]) as inbox, unnest($7::text[]) as channel,
	unnest($8::text[]) as language, unnest($9::text[]) as state, unnest($10::text[]) as outcome,
	unnest($11::text[]) as flags, unnest($12::bool[]) as option0, unnest($13::timestamptz[]) as arrived_at,
	unnest($14::timestamptz[]) as due_at, unnest($15::timestamptz[]) as last_contact_at,
	unnest($16::timestamptz[]) as closed_at, unnest($17::uuid[]) as owner, unnest($18::bigint[]) as epoch,
	unnest($19::text[]) as post, unnest($20::text[]) as arm) u
