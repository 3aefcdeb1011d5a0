-- cases_notes: what colleagues wrote to each other about a case, newest 200, oldest first
-- $1 uuid case
-- columns: id, at, agent, text
select * from (select id, at, agent, text from loket.note where case_id = $1 order by at desc, id desc limit 200) newest
 order by at, id
