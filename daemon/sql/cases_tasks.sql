-- cases_tasks: the promises of each case and those merged into it, at most 100
-- $1 uuid[] cases
-- columns: n (which case, from 1), and a task of the contract
select q.n, x.*
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (
select t.id, t.case_id as "case", t.municipality, t.kind, t.department, t.team, t.owner, t.action, t.due, t.note, t.state,
       t.state = 'open' and least(t.due, t.term_until) <= clock_timestamp() as late, t.remind_at as "remindAt", t.attempts,
       t.last_result as "lastResult", t.answer, t.term, t.created_by as "createdBy", t.created_at as "createdAt",
       t.done_at as "doneAt"
  from loket.task t
 where t.case_id = any (array(select q.id union all (select id from loket.case_file where merged_into = q.id limit 50)))
 order by t.created_at, t.id limit 100
) x
