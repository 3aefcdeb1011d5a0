-- post_lock: one at a time for the posts of a case, intake included; the statement after it sees what the others did
-- $1 uuid post
-- columns: id
select k.id from loket.case_file k where k.id = (select case_id from loket.post where id = $1) for update
