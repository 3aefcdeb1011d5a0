-- t_arrays: each kind of array, as rows
-- $1 … one of each type
-- columns: u, t, b, i, o, w, s, j
select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bigint[], $5::boolean[], $6::timestamptz[],
	$7::json[], $8::jsonb[]) as x(u, t, b, i, o, w, s, j)
