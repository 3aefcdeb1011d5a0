-- task_list: promises, the first due first, so that what is late comes first
-- $1 text state or null, $2 text municipality or null, $3 text department or null, $4 uuid case or null,
-- $5 uuid last of the page before or null; $6 int how many, $7 uuid owner or null, $8 text team or null, $9 bool late or not;
-- null: both
-- columns: a task of the contract
select t.id, t.case_id as "case", t.municipality, t.kind, t.department, t.team, t.owner, t.action, t.due, t.note, t.state,
       t.state = 'open' and least(t.due, t.term_until) <= clock_timestamp() as late, t.remind_at as "remindAt", t.attempts,
       t.last_result as "lastResult", t.answer, t.term, t.created_by as "createdBy", t.created_at as "createdAt",
       t.done_at as "doneAt"
  from loket.task t
 where ($1::text is null or t.state = $1) and ($2::text is null or t.municipality = $2)
   and ($3::text is null or t.department = $3) and ($4::uuid is null or t.case_id = $4)
   and ($5::uuid is null or (t.due, t.id) > (select l.due, l.id from loket.task l where l.id = $5))
   and ($7::uuid is null or t.owner = $7) and ($8::text is null or t.team = $8)
   and ($9::bool is null or (t.state = 'open' and least(t.due, t.term_until) <= clock_timestamp()) = $9)
 order by t.due, t.id limit $6
