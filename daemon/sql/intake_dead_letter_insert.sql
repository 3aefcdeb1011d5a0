-- intake_dead_letter_insert: what was signed and could not be read
-- $1 uuid[] id, $2 text[] municipality, $3 text[] inbox, $4 uuid[] raw, $5 timestamptz[] at, $6 text[] reason,
-- $7 bytea[] digest of the post (null: none)
insert into loket.dead_letter (id, municipality, inbox, raw, at, reason, digest)
select id, municipality, inbox, raw, at, reason, digest
from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::text[], $7::bytea[])
	as u (id, municipality, inbox, raw, at, reason, digest)
