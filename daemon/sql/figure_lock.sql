-- figure_lock: one counts at a time; the statement after it sees all that who counted before has written
-- columns: none
select from loket.figure_cursor for update
