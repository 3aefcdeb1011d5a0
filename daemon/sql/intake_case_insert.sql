-- intake_case_insert: new questions
-- $1 uuid[] id, $2 text[] municipality, $3 text[] reference, $4 text[] product, $5 uuid[] party, $6 text[] inbox,
-- $7 text[] channel, $8 text[] language, $9 text[] state, $10 text[] outcome, $11 text[] flags (by comma),
-- $12 bool[] option0, $13 timestamptz[] arrived_at (also opened_at), $14 timestamptz[] due_at,
-- $15 timestamptz[] last_contact_at, $16 timestamptz[] closed_at, $17 uuid[] owner, $18 bigint[] epoch, $19 text[] post,
-- $20 text[] arm
insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, language, state, outcome,
	flags, option0, opened_at, arrived_at, due_at, last_contact_at, closed_at, owner, epoch, post, arm)
select unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::uuid[]),
	unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::text[]),
	string_to_array(unnest($11::text[]), ','), unnest($12::bool[]), unnest($13::timestamptz[]),
	unnest($13::timestamptz[]), unnest($14::timestamptz[]), unnest($15::timestamptz[]), unnest($16::timestamptz[]),
	unnest($17::uuid[]), unnest($18::bigint[]), unnest($19::text[]), unnest($20::text[])
