-- intake_notice_known: tell what happened, when it is known for whom
-- $1 timestamptz at, $2 text[] municipality*, $3 text[] kind*, $4 uuid[] case_id, $5 uuid[] agent, $6 json[] payload
-- * one is enough when all are the same
-- columns, in the order of the arrays: id, agent
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select $1::timestamptz, coalesce(u.municipality, ($2::text[])[1]), coalesce(u.kind, ($3::text[])[1]), u.case_id, u.agent,
	u.payload
from (select unnest($2::text[]) as municipality, unnest($3::text[]) as kind, unnest($4::uuid[]) as case_id,
	unnest($5::uuid[]) as agent, unnest($6::json[]) as payload) u
returning id, agent
