-- t_values: each kind of parameter, back
-- $1 … one of each type
-- columns: aText, aBytea, anInt, aBool, aTime, aUuid, json
select $1::text as "aText", $2::bytea as "aBytea", $3::bigint as "anInt", $4::boolean as "aBool",
	$5::timestamptz as "aTime", $6::uuid as "aUuid", $7::jsonb ->> 'k' as json
