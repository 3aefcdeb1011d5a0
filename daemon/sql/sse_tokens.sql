-- sse_tokens: which of the tokens that streams were opened with are good no longer (auth_token says when one is good;
-- when it expires is known to the stream)
-- $1 uuid[] tokens
-- columns: id
select u.id
from unnest($1::uuid[]) u (id)
where not exists (
	select from loket.token t left join loket.agent a on a.id = t.agent
	where t.id = u.id and t.revoked_at is null and (t.agent is null or a.enabled))
