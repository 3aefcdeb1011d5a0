-- cases_notes: what colleagues wrote to each other about each case and those merged into it, newest 200, oldest first
-- $1 uuid[] cases
-- columns: n (which case, from 1), id, at, agent, text
select q.n, x.*
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (
select * from (select id, at, agent, text from loket.note
                where case_id = any (array(select q.id union all (select id from loket.case_file where merged_into = q.id limit 50)))
                order by at desc, id desc limit 200) newest
 order by at, id
) x
