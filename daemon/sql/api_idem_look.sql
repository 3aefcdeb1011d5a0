-- api_idem_look: what became of an Idempotency-Key
-- $1 uuid token, $2 text key, $3 bytea sha256 of the request
-- columns: same (it was this request), status (null: still running), answer
select body_sha256 = $3 as same, status, answer from loket.idempotency where token = $1 and key = $2
