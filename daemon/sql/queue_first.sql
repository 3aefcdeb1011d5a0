-- queue_first: the most urgent of what waits
-- $1 bigint at most so many
-- columns: id
select id from loket.case_file where state = 'queued' order by due_at, id limit $1
