-- work_case: what every write to a case looks at first (post_read and callback_case have the same columns)
-- $1 uuid case
-- columns: reference, municipality, product, party, inbox, channel, language, state, owner, epoch, option0, flags,
--          transfers, opened_at, arrived_at, due_at, merged_into,
--          wanted_agent, wanted_team, arm, open_tasks; help: somebody waits for help, help_consent: who may do it for them
select c.reference, c.municipality, c.product, c.party, c.inbox, c.channel, c.language, c.state, c.owner, c.epoch,
       c.option0, to_jsonb(c.flags) as flags, c.transfers, c.opened_at, c.arrived_at, c.due_at, c.merged_into,
       c.wanted_agent, c.wanted_team, c.arm,
       (select count(*) from loket.task t where t.case_id = c.id and t.state = 'open') as open_tasks,
       h.id is not null as help, h.consent_at is not null as help_consent
  from loket.case_file c left join loket.help_request h on h.case_id = c.id and h.ended_at is null where c.id = $1
