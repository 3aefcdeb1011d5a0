-- dispatch_begin: a new dispatcher knows nobody yet: everybody gets the full time to be seen
-- $1 text lease holder, $2 bigint lease epoch
-- columns: none
update loket.presence set seen_at = clock_timestamp()
 where state <> 'offline'
   and exists (select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2)
