-- api_idem_claim: take an Idempotency-Key; no row when somebody has it. One that runs for a minute was dropped by an
-- instance that died, and one of a day ago is free again
-- $1 uuid token, $2 text key, $3 bytea sha256 of the request
-- columns: key
insert into loket.idempotency as i (token, key, body_sha256, started_at)
values ($1, $2, $3, clock_timestamp())
on conflict (token, key) do update
	set started_at = excluded.started_at, body_sha256 = excluded.body_sha256, status = null, answer = null
	where i.started_at < clock_timestamp() - interval '24 hours'
		or (i.status is null and i.started_at < clock_timestamp() - interval '60 seconds'
			and i.body_sha256 = excluded.body_sha256)
returning key
