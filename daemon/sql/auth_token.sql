-- auth_token: whose token this is, when it is still good
-- $1 bytea sha256
-- columns: id, role, agent, municipalities (comma-separated), sees_bsn, sees_raw, expires_at
select t.id, t.role, t.agent, array_to_string(t.municipalities, ',') as municipalities, t.sees_bsn, t.sees_raw,
	t.expires_at
from loket.token t
left join loket.agent a on a.id = t.agent
where t.sha256 = $1
	and t.revoked_at is null
	and (t.expires_at is null or t.expires_at > clock_timestamp())
	and (t.agent is null or a.enabled)
