-- attachment_orphans: held by an instance that is gone, or by us without our knowing (the answer to a claim was lost):
-- they wait again. Gone is: no session of that instance here, or no result for longer than the work can take
-- $1 text this instance, $2 int seconds that the work takes at most, $3 uuid[] those we really work on
-- columns: none
update loket.attachment a
   set state = case a.state when 'fetching' then 'pending' else a.state end, holder = null, next_at = clock_timestamp()
 where a.state in ('pending', 'fetching', 'quarantined') and a.holder is not null and a.id <> all ($3::uuid[])
   and (a.next_at < clock_timestamp() - make_interval(secs => $2::int)
        or (a.holder <> $1
            and not exists (select from pg_stat_activity s where s.application_name = 'loketd ' || a.holder)))
