-- routing_case: the case whose decisions are asked for
-- $1 uuid case
-- columns: municipality, state, arrived_at, wanted_agent
select municipality, state, arrived_at, wanted_agent from loket.case_file where id = $1
