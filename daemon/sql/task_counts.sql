-- task_counts: promises that are open, and late; at most 100,000 are looked at
-- columns: open, late
select count(*) as open, count(*) filter (where least(due, term_until) <= clock_timestamp()) as late
  from (select due, term_until from loket.task where state = 'open' limit 100000) t
