-- cases_tasks: the promises of a case, at most 100
-- $1 uuid case
-- columns: a task of the contract
select id, case_id as "case", municipality, department, action, due, note, state,
       created_by as "createdBy", created_at as "createdAt", done_at as "doneAt"
  from loket.task where case_id = $1 order by created_at, id limit 100
