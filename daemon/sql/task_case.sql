-- task_case: a promise, with what every write to its case looks at first
-- $1 uuid task
-- columns: as work_case, case_id, outcome, task_state, task_owner, task_department, task_team, task_due, attempts, term (json),
-- term_until, settings (json: texts of the municipality); of the other promises that ended since the case waits for them:
-- answers, for the citizen, in order; agent_tells: one of them is not to be sent
select c.reference, c.municipality, c.product, c.party, c.inbox, c.channel, c.language, c.state, c.owner, c.epoch,
       c.option0, to_jsonb(c.flags) as flags, c.transfers, c.opened_at, c.arrived_at, c.due_at, c.merged_into,
       c.wanted_agent, c.wanted_team, c.arm,
       (select count(*) from loket.task o where o.case_id = c.id and o.state = 'open') as open_tasks,
       c.id as case_id, c.outcome, t.state as task_state, t.owner as task_owner, t.department as task_department,
       t.team as task_team, t.due as task_due, t.attempts, t.term, t.term_until,
       loket.settings_of(m.region, m.settings) as settings, ended.answers, coalesce(ended.agent_tells, false) as agent_tells
  from loket.task t join loket.case_file c on c.id = t.case_id join loket.municipality m on m.id = c.municipality
 cross join lateral (
	select string_agg(o.answer, E'\n\n' order by o.done_at, o.id) as answers,
	       bool_or((select e.detail ->> 'send' from loket.task_event e where e.task = o.id and e.kind = 'done'
	                 order by e.id desc limit 1) is distinct from 'true') as agent_tells
	  from loket.task o
	 where o.case_id = c.id and o.id <> t.id and o.state = 'done' and o.answer is not null and o.done_at >= c.closed_at) ended
 where t.id = $1
