-- callback_get: the newest promise to call back of a case, for who works on it
-- $1 uuid case
-- columns: of the contract, and "caseState"
select k.id, k.state, k.reason, k.not_before as "notBefore", k.promised_at as "promisedAt", k.attempts,
       k.last_result as "lastResult", jsonb_build_object('kind', k.to_kind, 'value', k.to_value) as "to",
       c.state as "caseState"
  from loket.callback k join loket.case_file c on c.id = k.case_id
 where k.case_id = $1 order by k.created_at desc, k.id desc limit 1
