-- intake_raw_insert: posts as they came, byte for byte
-- $1 uuid[] id, $2 text[] municipality, $3 text[] inbox, $4 timestamptz[] received_at, $5 text[] content_type,
-- $6 bigint[] n_contacts, $7 bytea[] body
insert into loket.raw (id, municipality, inbox, received_at, content_type, n_contacts, body)
select unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::timestamptz[]), unnest($5::text[]),
	unnest($6::bigint[]), unnest($7::bytea[])
