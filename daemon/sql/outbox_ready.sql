-- outbox_ready: all that the message of a reply with files needs is there, so it goes now; from here on nobody sends
-- it again by itself
-- $1 uuid contact, $2 text this instance, $3 jsonb what the files are called at the provider, or null
-- columns: contact; none: somebody else took it over
update loket.outbox set preparing = false, uploaded = $3, next_at = clock_timestamp()
 where contact = $1 and holder = $2 and state = 'sending'
returning contact
