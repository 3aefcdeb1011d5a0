-- outbox_unprepared: replies with files whose instance is gone (as outbox_orphans says) before the provider heard of
-- the message: they wait again, each time longer, so that what ends a process does not end one after the other
-- $1 text this instance, $2 int seconds after which any holder is taken for gone
-- columns: none
update loket.outbox o
   set state = 'queued', holder = null, preparing = false, attempts = attempts + 1,
       next_at = clock_timestamp() + make_interval(secs => least(300, 2 ^ least(attempts, 9)))
 where o.state = 'sending' and o.preparing and o.holder is distinct from $1
   and (o.next_at < clock_timestamp() - make_interval(secs => $2::int)
        or not exists (select from pg_stat_activity a where a.application_name = 'loketd ' || o.holder))
