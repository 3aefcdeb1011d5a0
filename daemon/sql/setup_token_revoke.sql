-- setup_token_revoke: a token that no longer opens anything
-- $1 uuid id
-- columns: id
update loket.token set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1 returning id
