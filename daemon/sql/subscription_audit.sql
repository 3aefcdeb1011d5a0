-- subscription_audit: who changed what is told, or to whom
-- $1 uuid subscription, $2 uuid token, $3 text action, $4 text where the request came from
-- columns: none
insert into loket.access_log (municipality, token, action, object_kind, object_id, origin)
select municipality, $2, $3, 'subscription', id::text, $4 from loket.subscription where id = $1
