-- intake_address_insert: where they can be reached; one that is somebody's by now fails the batch
-- $1 text[] municipality, $2 text[] kind, $3 text[] value, $4 uuid[] party, $5 boolean[] proved,
-- $6 timestamptz created_at
insert into loket.address (municipality, kind, value, party, proved, created_at)
select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::uuid[]), unnest($5::boolean[]), $6::timestamptz
