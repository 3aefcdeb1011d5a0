-- sweep_offers: the oldest offers that ended go after so many days; the decisions behind them stay (routing)
-- $1 int days
-- columns: none
delete from loket.offer
 where id in (select id from (select id, ended_at from loket.offer order by id limit 1000) p
               where ended_at < clock_timestamp() - make_interval(days => $1::int))
