-- subscription_list: who is told what happens, newest first
-- $1 uuid last one of the page before, null first page; $2 text municipality, null: all in scope; $3 int how many
-- columns: a subscription of the contract
select s.id, s.municipality, s.name, s.url, to_jsonb(s.types) as types, s.state, s.why, s.failing_since as "failingSince", s.error,
	s.delivered_at as "deliveredAt", s.created_at as "createdAt", 
	(select max(k.until) from loket.subscription_secret k
	  where k.subscription = s.id and k.until > clock_timestamp()) as "oldSecretUntil",
	(select count(*) from loket.event e where e.subscription = s.id and e.state <> 'dead') as waiting,
	(select count(*) from loket.event e where e.subscription = s.id and e.state = 'dead') as dead
from loket.subscription s
where ($1::uuid is null or s.id < $1) and ($2::text is null or s.municipality = $2)
order by s.id desc limit $3
