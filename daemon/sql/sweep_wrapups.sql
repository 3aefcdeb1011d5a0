-- sweep_wrapups: wrap-ups that are over
-- columns: none
delete from loket.wrapup where until < clock_timestamp() - interval '1 minute'
