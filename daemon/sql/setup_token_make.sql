-- setup_token_make: a token; no row when there is no such agent with this role
-- $1 uuid id, $2 bytea sha256, $3 text name, $4 text role, $5 uuid agent, $6 text[] municipalities, $7 boolean sees BSN,
-- $8 boolean sees raw bytes, $9 timestamptz expires
-- columns: as of setup_token_list
insert into loket.token (id, sha256, name, role, agent, municipalities, sees_bsn, sees_raw, expires_at)
select $1, $2, $3, $4, $5::uuid, $6::text[], $7, $8, $9
where $5::uuid is null or exists (select from loket.agent a where a.id = $5::uuid and a.role = $4)
returning id, name, role, agent, to_jsonb(municipalities) as municipalities, sees_bsn as "seesBsn",
	sees_raw as "seesRaw", created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"
