-- task_term_say: the citizen is told that a term of the law was put off, in the unit that does so
-- $1 uuid what is said (new), $2 uuid task, $3 timestamptz end of the term as it is now, $4 text
-- columns: none
insert into loket.automatic (id, municipality, case_id, kind, n, payload, at)
select $1, c.municipality, c.id, 'term',
       (select coalesce(max(a.n) + 1, 0) from loket.automatic a where a.case_id = c.id and a.kind = 'term'),
       jsonb_build_object('text', $4::text), clock_timestamp()
  from loket.task t join loket.case_file c on c.id = t.case_id
 where t.id = $2 and t.term_until = $3 and c.post is null
on conflict do nothing
