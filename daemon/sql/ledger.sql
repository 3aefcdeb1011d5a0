-- ledger: nothing is lost, visibly. What was received, and where it is now, in one look
-- $1 text municipality; null: all that the token has rights on
-- columns: received, open, closed, merged, spam, dead_letters
with placed as (
	select case when k.merged_into is not null then 'merged' when k.outcome = 'spam' then 'spam'
			when k.state = 'closed' then 'closed' else 'open' end as at
	from loket.contact c join loket.case_file k on k.id = c.case_id
	where c.direction = 'in' and c.raw is not null and ($1::text is null or c.municipality = $1)
)
select (select coalesce(sum(n_contacts), 0)::bigint from loket.raw where $1::text is null or municipality = $1)
		as received,
	count(*) filter (where at = 'open') as open, count(*) filter (where at = 'closed') as closed,
	count(*) filter (where at = 'merged') as merged, count(*) filter (where at = 'spam') as spam,
	(select count(*) from loket.dead_letter where state = 'open' and ($1::text is null or municipality = $1))
		as dead_letters
from placed
