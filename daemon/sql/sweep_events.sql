-- sweep_events: events that nobody took go after so many days, a page at a time
-- $1 int days
-- columns: none
delete from loket.event
 where id in (select id from loket.event where at < clock_timestamp() - make_interval(days => $1::int) order by at limit 1000)
