-- sweep_offers: the oldest offers that ended go after so many days; the decisions behind them stay (routing)
-- $1 int days; not before the wait of their cases was counted (learn_compare)
-- columns: none
delete from loket.offer
 where id in (select id from (select id, ended_at from loket.offer order by id limit 1000) p
               where ended_at < clock_timestamp() - make_interval(days => greatest($1::int, 22)))
