-- intake_party_check: fails (22012) when one of them got a case since we looked, or was merged into another party: then
-- the batch looks again. After intake_party_lock, in a statement of its own, because each statement sees what was there
-- when it began
-- $1 uuid[] party, $2 bigint[] cases it had
select 1 / (case when exists (
	select from unnest($1::uuid[], $2::bigint[]) u (party, n_cases)
	where (select count(*) from loket.case_file k where k.party = u.party) <> u.n_cases
		or (select p.merged_into from loket.party p where p.id = u.party) is not null
) then 0 else 1 end) as fine
