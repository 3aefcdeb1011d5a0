-- sweep_keys: idempotency keys are kept for 24 hours
-- columns: none
delete from loket.idempotency
 where ctid = any (array(select ctid from loket.idempotency
                          where started_at < (select clock_timestamp() - interval '24 hours') limit 1000))
