-- intake_dead_letter_insert: what was signed and could not be read
-- $1 uuid[] id, $2 text[] municipality, $3 text[] inbox, $4 uuid[] raw, $5 timestamptz[] at, $6 text[] reason
insert into loket.dead_letter (id, municipality, inbox, raw, at, reason)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::text[])
