-- sweep_unserved: times without anybody who has the skill go after so many days
-- $1 int days
-- columns: none
delete from loket.unserved where until < clock_timestamp() - make_interval(days => $1::int)
