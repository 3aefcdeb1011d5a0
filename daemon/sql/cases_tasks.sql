-- cases_tasks: the promises of each case and those merged into it, at most 100
-- $1 uuid[] cases
-- columns: n (which case, from 1), and a task of the contract
select q.n, x.*
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (
select id, case_id as "case", municipality, department, action, due, note, state,
       created_by as "createdBy", created_at as "createdAt", done_at as "doneAt"
  from loket.task
 where case_id = any (array(select q.id union all (select id from loket.case_file where merged_into = q.id limit 50)))
 order by created_at, id limit 100
) x
