-- intake_case_heard: cases that go on as they were, but for the moment of their last contact. Fails (22012) when one of them
-- is not as the batch saw it: closed, put away for later or somebody else's by now. Then the batch looks again
-- $1 uuid[] id (each once), $2 timestamptz[] at, $3 uuid[] owner
with heard as (
	update loket.case_file k
	set last_contact_at = greatest(k.last_contact_at, ($2::timestamptz[])[array_position($1::uuid[], k.id)])
	where k.id = any ($1::uuid[]) and k.state <> 'closed' and k.state <> 'scheduled'
		and k.owner is not distinct from ($3::uuid[])[array_position($1::uuid[], k.id)]
	returning 1
)
select 1 / (count(*) = cardinality($1::uuid[]))::int as fine from heard
