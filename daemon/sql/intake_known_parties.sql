-- intake_known_parties: the newest cases of parties that have many
-- $1 uuid[] party, $2 int most cases per party
-- columns: n (from 1, place in the array), n_cases (of the party, also merged ones), and the case as in
-- intake_known_addresses, newest first (null: it has none)
select u.n, (select count(*) from loket.case_file f where f.party = u.party_id) as n_cases, k.*
from (select unnest($1::uuid[]) as party_id, generate_subscripts($1::uuid[], 1) as n) u
left join lateral (
	select f.id as case_id, f.municipality, f.reference, f.product, f.inbox, f.channel, f.language, f.party, f.state,
		f.outcome, f.closed_at, f.last_contact_at, f.arrived_at, f.due_at, f.owner, f.epoch, f.option0, f.post
	from loket.case_file f where f.party = u.party_id and f.merged_into is null
	order by f.last_contact_at desc limit $2::int
) k on true
