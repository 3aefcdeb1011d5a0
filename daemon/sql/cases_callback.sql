-- cases_callback: the newest promise to call back of each case, for who works on it
-- $1 uuid[] cases
-- columns: n (which case, from 1), and those of the contract
select q.n, x.*
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (
	select k.id, k.state, k.reason, k.not_before as "notBefore", k.promised_at as "promisedAt", k.attempts,
	       k.last_result as "lastResult", jsonb_build_object('kind', k.to_kind, 'value', k.to_value) as "to"
	  from loket.callback k
	 where k.case_id = q.id order by k.created_at desc, k.id desc limit 1
) x
