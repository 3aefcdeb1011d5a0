-- intake_raw_insert: posts as they came, byte for byte
-- $1 uuid[] id, $2 text[] municipality*, $3 text[] inbox*, $4 timestamptz[] received_at, $5 text[] content_type* ('': none),
-- $6 bigint[] n_contacts*, $7 bytea[] body. * one is enough when all are the same
insert into loket.raw (id, municipality, inbox, received_at, content_type, n_contacts, body)
select id, coalesce(municipality, ($2::text[])[1]), coalesce(inbox, ($3::text[])[1]), received_at,
	nullif(coalesce(content_type, ($5::text[])[1]), ''), coalesce(n_contacts, ($6::bigint[])[1]), body
from (select unnest($1::uuid[]) as id, unnest($2::text[]) as municipality, unnest($3::text[]) as inbox,
	unnest($4::timestamptz[]) as received_at, unnest($5::text[]) as content_type, unnest($6::bigint[]) as n_contacts,
	unnest($7::bytea[]) as body) u
