-- intake_notice_insert: tell what happened. A case that was there before may have an owner: then it is for them
-- $1 timestamptz at, $2 text[] municipality*, $3 text[] kind*, $4 uuid[] case_id, $5 uuid[] agent, $6 bool[]* look up the
-- owner, $7 json[] payload. * one is enough when all are the same
-- columns, in the order of the arrays: id, agent
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select $1::timestamptz, coalesce(u.municipality, ($2::text[])[1]), coalesce(u.kind, ($3::text[])[1]), u.case_id,
	case when coalesce(u.known, ($6::bool[])[1]) then (select k.owner from loket.case_file k where k.id = u.case_id)
		else u.agent end, u.payload
from (select unnest($2::text[]) as municipality, unnest($3::text[]) as kind, unnest($4::uuid[]) as case_id,
	unnest($5::uuid[]) as agent, unnest($6::bool[]) as known, unnest($7::json[]) as payload) u
returning id, agent
