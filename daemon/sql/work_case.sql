-- work_case: what every write to a case looks at first
-- $1 uuid case
-- columns: reference, municipality, product, party, inbox, channel, language, state, owner, epoch, option0, flags,
--          transfers, arrived_at, due_at, merged_into,
--          wanted_agent, wanted_team, open_tasks
select c.reference, c.municipality, c.product, c.party, c.inbox, c.channel, c.language, c.state, c.owner, c.epoch,
       c.option0, to_jsonb(c.flags) as flags, c.transfers, c.arrived_at, c.due_at, c.merged_into,
       c.wanted_agent, c.wanted_team,
       (select count(*) from loket.task t where t.case_id = c.id and t.state = 'open') as open_tasks
  from loket.case_file c where c.id = $1
