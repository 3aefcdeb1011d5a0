-- routing_case: the case whose decisions are asked for
-- $1 uuid case
-- columns: municipality, state
select municipality, state from loket.case_file where id = $1
