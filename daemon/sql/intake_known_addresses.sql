-- intake_known_addresses: whose addresses these are, with the cases of each party in no order
-- $1 text[] municipality, $2 text[] kind (one is enough when all are the same), $3 text[] value, $4 int most cases per
-- party: whoever has as many is asked for by intake_known_parties
-- columns: n (from 1, place in the array), contact_party, proved (the address), merged (into another case: it counts, but
-- is nobody's question), and the case (null: it has none)
select u.n, a.party as contact_party, a.proved, k.*
from (select unnest($1::text[]) as municipality, unnest($2::text[]) as kind, unnest($3::text[]) as value,
	generate_subscripts($3::text[], 1) as n) u
cross join lateral (
	select d.party, d.proved from loket.address d
	where d.value = u.value and d.kind = coalesce(u.kind, ($2::text[])[1])
		and d.municipality = coalesce(u.municipality, ($1::text[])[1]) offset 0
) a
left join lateral (
	select f.merged_into is not null as merged, f.id as case_id, f.municipality, f.reference, f.product, f.inbox,
		f.channel, f.language, f.party, f.state, f.outcome, f.closed_at, f.last_contact_at, f.arrived_at, f.due_at,
		f.owner, f.epoch, f.option0, f.post
	from loket.case_file f where f.party = a.party limit $4::int
) k on true
