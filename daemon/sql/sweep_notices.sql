-- sweep_notices: the oldest notices go after so many days, a page at a time
-- $1 int days
-- columns: none
delete from loket.notice
 where id in (select id from (select id, at from loket.notice order by id limit 1000) p
               where at < clock_timestamp() - make_interval(days => $1::int))
