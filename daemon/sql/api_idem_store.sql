-- api_idem_store: keep the answer for who asks again
-- $1 uuid token, $2 text key, $3 int status, $4 text answer
-- columns: none
update loket.idempotency set status = $3, answer = $4 where token = $1 and key = $2
