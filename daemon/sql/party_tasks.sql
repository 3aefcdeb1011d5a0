-- party_tasks: what was promised to somebody, in all of their cases, open ones first
-- $1 uuid party
-- columns: a task of the contract
select t.id, t.case_id as "case", t.municipality, t.kind, t.department, t.team, t.owner, t.action, t.due, t.note, t.state,
       t.state = 'open' and least(t.due, t.term_until) <= clock_timestamp() as late, t.remind_at as "remindAt", t.attempts,
       t.last_result as "lastResult", t.answer, t.term, t.created_by as "createdBy", t.created_at as "createdAt",
       t.done_at as "doneAt"
  from loket.task t where t.case_id = any (array(select id from loket.case_file where party = $1))
 order by t.state = 'open' desc, t.due desc, t.id limit 100
