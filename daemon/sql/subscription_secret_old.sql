-- subscription_secret_old: the secret now is the one before from here on, and signs for a while; the one before that
-- does not
-- $1 uuid subscription, $2 int seconds
-- columns: none
with gone as (delete from loket.subscription_secret where subscription = $1 and until is not null)
update loket.subscription_secret set until = clock_timestamp() + make_interval(secs => $2::int)
 where subscription = $1 and until is null
