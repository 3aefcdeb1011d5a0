-- outbox_again: the provider certainly did not take it: try again later, if it is still ours to send
-- $1 uuid contact, $2 text this instance, $3 int seconds to wait, $4 text what went wrong, $5 int attempts as they
-- were when it was claimed (a record that is repeated must not undo a newer claim)
-- columns: none
with later as (
	update loket.outbox
	   set state = 'queued', holder = null, preparing = false, attempts = attempts + 1,
	       next_at = clock_timestamp() + make_interval(secs => $3::int)
	 where contact = $1 and holder = $2 and state = 'sending' and attempts = $5 returning contact)
update loket.contact c set delivery_error = $4 from later where c.id = later.contact
