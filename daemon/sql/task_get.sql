-- task_get: a promise
-- $1 uuid task
-- columns: a task of the contract
select t.id, t.case_id as "case", t.municipality, t.kind, t.department, t.team, t.owner, t.action, t.due, t.note, t.state,
       t.state = 'open' and least(t.due, t.term_until) <= clock_timestamp() as late, t.remind_at as "remindAt", t.attempts,
       t.last_result as "lastResult", t.answer, t.term, t.created_by as "createdBy", t.created_at as "createdAt",
       t.done_at as "doneAt"
  from loket.task t where t.id = $1
