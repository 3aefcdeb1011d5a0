-- event_counts: how many events wait, and how many nobody took
-- columns: waiting, dead
select count(*) filter (where state <> 'dead') as waiting,
       count(*) filter (where state = 'dead') as dead
  from loket.event
