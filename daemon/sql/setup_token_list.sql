-- setup_token_list: tokens without what opens them, in the order of their ids, backwards
-- $1 uuid before (null: from the end), $2 int limit
-- columns: id, name, role, agent, municipalities (json), seesBsn, seesRaw, createdAt, expiresAt, revokedAt
select id, name, role, agent, to_jsonb(municipalities) as municipalities, sees_bsn as "seesBsn", sees_raw as "seesRaw",
	created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"
from loket.token where $1::uuid is null or id < $1 order by id desc limit $2
