-- attachment_retry: work on it again, from the start: it failed
-- $1 uuid contact, $2 uuid attachment
-- columns: state, when it was one that failed
update loket.attachment
   set state = case when provider_ref is null then 'quarantined' else 'pending' end, why = null, attempts = 0,
       next_at = clock_timestamp()
 where contact = $1 and id = $2 and state = 'failed'
returning state
