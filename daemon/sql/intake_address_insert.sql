-- intake_address_insert: where they can be reached; one that is somebody's by now fails the batch
-- $1 text[] municipality*, $2 text[] kind*, $3 text[] value, $4 uuid[] party, $5 boolean[] proved*,
-- $6 timestamptz created_at. * one is enough when all are the same
insert into loket.address (municipality, kind, value, party, proved, created_at)
select coalesce(municipality, ($1::text[])[1]), coalesce(kind, ($2::text[])[1]), value, party,
	coalesce(proved, ($5::boolean[])[1]), $6::timestamptz
from (select unnest($1::text[]) as municipality, unnest($2::text[]) as kind, unnest($3::text[]) as value,
	unnest($4::uuid[]) as party, unnest($5::boolean[]) as proved) u
