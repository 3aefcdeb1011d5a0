-- intake_case_insert: new questions
-- $1 uuid[] id, $2 text[] municipality, $3 text[] reference, $4 text[] product, $5 uuid[] party, $6 text[] inbox,
-- $7 text[] channel, $8 text[] language, $9 text[] state, $10 text[] outcome, $11 text[] flags (by comma),
-- $12 bool[] option0, $13 timestamptz[] arrived_at (also opened_at), $14 timestamptz[] due_at,
-- $15 timestamptz[] last_contact_at, $16 timestamptz[] closed_at, $17 uuid[] owner, $18 bigint[] epoch, $19 text[] post
insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, language, state, outcome,
	flags, option0, opened_at, arrived_at, due_at, last_contact_at, closed_at, owner, epoch, post)
select u.id, u.municipality, u.reference, u.product, u.party, u.inbox, u.channel, u.language, u.state, u.outcome,
	string_to_array(u.flags, ','), u.option0, u.arrived_at, u.arrived_at, u.due_at, u.last_contact_at, u.closed_at,
	u.owner, u.epoch, u.post
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
	$10::text[], $11::text[], $12::bool[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
	$16::timestamptz[], $17::uuid[], $18::bigint[], $19::text[])
	u (id, municipality, reference, product, party, inbox, channel, language, state, outcome, flags, option0,
		arrived_at, due_at, last_contact_at, closed_at, owner, epoch, post)
