-- routing_list: every decision about a case, oldest first
-- $1 uuid case, $2 int at most
-- columns: of Decision in the contract
select * from (
	select at, policy, rule, chosen, n_considered as considered, candidates, left_out as "leftOut"
	  from loket.routing where case_id = $1 order by at desc limit $2::int) r
 order by at
