-- intake_raw_insert: posts as they came, byte for byte
-- $1 uuid[] id, $2 text[] municipality, $3 text[] inbox, $4 timestamptz[] received_at, $5 text[] content_type,
-- $6 bigint[] n_contacts, $7 bytea[] body
insert into loket.raw (id, municipality, inbox, received_at, content_type, n_contacts, body)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bytea[])
