-- automatic_answer: what they chose in the menu is done digitally: that is said next, once in a case
-- $1 uuid what is said (new), $2 uuid case, $3 text product that they chose
-- columns: none
insert into loket.automatic (id, municipality, case_id, kind, n, payload, at)
select $1, municipality, id, 'answer', 0, '{}', clock_timestamp() from loket.case_file
 where id = $2 and product = $3 and state in ('queued', 'offered') and not option0
on conflict do nothing
