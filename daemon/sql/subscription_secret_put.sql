-- subscription_secret_put: the secret that signs from now on
-- $1 uuid subscription, $2 text secret
-- columns: none
insert into loket.subscription_secret (subscription, value)
select id, $2 from loket.subscription where id = $1
