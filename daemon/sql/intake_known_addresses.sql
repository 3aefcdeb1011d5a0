-- intake_known_addresses: whose addresses these are, with the newest cases of each party
-- $1 text[] municipality, $2 text[] kind, $3 text[] value, $4 bigint[] n, a number for each, $5 int most cases
-- per party
-- columns: n, contact_party, proved (the address), n_cases (of the party), and the case (null: it has none)
select u.n, a.party as contact_party, a.proved, (select count(*) from loket.case_file f where f.party = a.party) as n_cases,
	k.id as case_id, k.municipality, k.reference, k.product, k.inbox, k.channel, k.language, k.party, k.state,
	k.outcome, k.closed_at, k.last_contact_at, k.arrived_at, k.due_at, k.owner, k.epoch, k.option0, k.post
from (select unnest($1::text[]) as municipality, unnest($2::text[]) as kind, unnest($3::text[]) as value,
	unnest($4::bigint[]) as n) u
cross join lateral (
	select * from loket.address d
	where d.municipality = u.municipality and d.kind = u.kind and d.value = u.value offset 0
) a
left join lateral (
	select * from loket.case_file f
	where f.party = a.party and f.merged_into is null
	order by f.last_contact_at desc limit $5::int
) k on true
