-- intake_known_cases: cases that somebody named for what they bring, or that stored messages belong to; of
-- one that was merged, the case that it went on in
-- $1 uuid[] case; null where none is named
-- columns: n (from 1, place in the array), and the case as in intake_known_addresses
select u.n, k.*
from (select unnest($1::uuid[]) as id, generate_subscripts($1::uuid[], 1) as n) u
cross join lateral (
	select f.id as case_id, f.municipality, f.reference, f.product, f.inbox, f.channel, f.language, f.party, f.state,
		f.outcome, f.closed_at, f.last_contact_at, f.arrived_at, f.due_at, f.owner, f.epoch, f.option0, f.post
	from loket.case_file f
	where f.id = coalesce((select m.merged_into from loket.case_file m where m.id = u.id), u.id) offset 0
) k
