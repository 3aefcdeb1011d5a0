-- task_list: promises, the first due first
-- $1 text state or null, $2 text municipality or null, $3 text department or null, $4 uuid case or null,
-- $5 uuid last of the page before or null; $6 int how many
-- columns: a task of the contract
select t.id, t.case_id as "case", t.municipality, t.department, t.action, t.due, t.note, t.state,
       t.created_by as "createdBy", t.created_at as "createdAt", t.done_at as "doneAt"
  from loket.task t
 where ($1::text is null or t.state = $1) and ($2::text is null or t.municipality = $2)
   and ($3::text is null or t.department = $3) and ($4::uuid is null or t.case_id = $4)
   and ($5::uuid is null or (t.due, t.id) > (select l.due, l.id from loket.task l where l.id = $5))
 order by t.due, t.id limit $6
