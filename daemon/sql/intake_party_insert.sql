-- intake_party_insert: people and businesses we did not know
-- $1 uuid[] id, $2 text[] municipality, $3 text[] name, $4 text[] language, $5 timestamptz created_at
insert into loket.party (id, municipality, name, language, created_at)
select unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), $5::timestamptz
