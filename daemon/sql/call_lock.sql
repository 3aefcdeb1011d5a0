-- call_lock: one at a time for the case of a call; the statement after it sees what the others did, as a promise to call back
-- $1 uuid call
-- columns: id
select k.id from loket.case_file k where k.id = (select case_id from loket.call where id = $1) for update
