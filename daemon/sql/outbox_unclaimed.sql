-- outbox_unclaimed: replies this instance claimed without ever learning it (the answer to outbox_claim was lost):
-- nothing was sent, so they wait again
-- $1 text this instance, $2 uuid[] those it really is sending, $3 int seconds to leave them alone
-- columns: none
update loket.outbox set state = 'queued', holder = null, preparing = false
 where state = 'sending' and holder = $1 and contact <> all ($2::uuid[])
   and next_at < clock_timestamp() - make_interval(secs => $3::int)
