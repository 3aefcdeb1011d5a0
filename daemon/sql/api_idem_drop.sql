-- api_idem_drop: it failed on our side, so the same key may try again at once
-- $1 uuid token, $2 text key
-- columns: none
delete from loket.idempotency where token = $1 and key = $2 and status is null
