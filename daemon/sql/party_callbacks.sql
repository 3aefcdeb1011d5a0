-- party_callbacks: calls that were promised to somebody and are still to be made
-- $1 uuid party
-- columns: case, and a call-back of the contract
select b.case_id as "case", b.id, b.state, b.reason, b.not_before as "notBefore", b.promised_at as "promisedAt", b.attempts,
       b.last_result as "lastResult", jsonb_build_object('kind', b.to_kind, 'value', b.to_value) as "to"
  from (select id from loket.case_file where party = $1 offset 0) k
 cross join lateral (select * from loket.callback where case_id = k.id and state = 'open') b
 order by b.promised_at, b.id limit 100
