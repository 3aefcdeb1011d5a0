-- routing_case: the case whose decisions are asked for
-- $1 uuid case
-- columns: municipality, state, arrived_at, wanted_agent, typed_by: who typed in what it began with, public: it began in public
select c.municipality, c.state, c.arrived_at, c.wanted_agent, began.agent as typed_by, began.visibility = 'public' as public
  from loket.case_file c
  left join lateral (select agent, visibility from loket.contact where case_id = c.id and direction = 'in'
                      order by received_at, id limit 1) began on true
 where c.id = $1
