-- intake_party_insert: people and businesses we did not know
-- $1 uuid[] id, $2 text[] municipality*, $3 text[] name, $4 text[] language, $5 timestamptz created_at
-- * one is enough when all are the same
insert into loket.party (id, municipality, name, language, created_at)
select id, coalesce(municipality, ($2::text[])[1]), name, language, $5::timestamptz
from (select unnest($1::uuid[]) as id, unnest($2::text[]) as municipality, unnest($3::text[]) as name,
	unnest($4::text[]) as language) u
