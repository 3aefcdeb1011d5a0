-- queue_size: how many cases wait
-- columns: n
select count(*) as n from loket.case_file where state = 'queued'
