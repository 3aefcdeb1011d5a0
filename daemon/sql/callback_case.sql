-- callback_case: a promise to call back, with what every write to its case looks at first
-- $1 uuid promise
-- columns: as work_case, case_id, callback_state, attempts
select c.reference, c.municipality, c.product, c.party, c.inbox, c.channel, c.language, c.state, c.owner, c.epoch,
       c.option0, to_jsonb(c.flags) as flags, c.transfers, c.opened_at, c.arrived_at, c.due_at, c.merged_into,
       c.wanted_agent, c.wanted_team, c.arm,
       (select count(*) from loket.task t where t.case_id = c.id and t.state = 'open') as open_tasks,
       c.id as case_id, k.state as callback_state, k.attempts
  from loket.callback k join loket.case_file c on c.id = k.case_id where k.id = $1
