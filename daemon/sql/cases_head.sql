-- cases_head: what has to be known before a case may be read
-- $1 uuid case
-- columns: municipality, party
select municipality, party from loket.case_file where id = $1
