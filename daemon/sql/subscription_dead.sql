-- subscription_dead: events that were tried to the end
-- $1 uuid subscription, $2 uuid last one of the page before, null first page; $3 int how many
-- columns: an event of the contract
select e.id, e.notice || '.' || trunc(extract(epoch from e.at) * 1000)::bigint as event, e.at,
        e.type, e.subject, e.case_id as "case",
	e.attempts, e.error
from loket.event e
where e.subscription = $1 and e.state = 'dead' and ($2::uuid is null or e.id > $2)
order by e.id limit $3
