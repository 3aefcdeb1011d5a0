-- intake_known_cases: cases that somebody named for what they bring
-- $1 uuid[] case; null where none is named
-- columns: n (from 1, place in the array), and the case as in intake_known_addresses
select u.n,
	k.id as case_id, k.municipality, k.reference, k.product, k.inbox, k.channel, k.language, k.party, k.state,
	k.outcome, k.closed_at, k.last_contact_at, k.arrived_at, k.due_at, k.owner, k.epoch, k.option0, k.post
from unnest($1::uuid[]) with ordinality u (id, n)
cross join lateral (select * from loket.case_file f where f.id = u.id offset 0) k
