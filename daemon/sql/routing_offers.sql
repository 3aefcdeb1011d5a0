-- routing_offers: what became of the offers of a case, oldest first
-- $1 uuid case, $2 int at most
-- columns: agent, state, made_at, ended_at
select * from (
	select agent, state, made_at, ended_at from loket.offer where case_id = $1 order by made_at desc limit $2::int) o
 order by made_at
