-- intake_party_insert: people and businesses we did not know
-- $1 uuid[] id, $2 text[] municipality, $3 text[] name, $4 text[] language, $5 timestamptz created_at
insert into loket.party (id, municipality, name, language, created_at)
select u.*, $5::timestamptz from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) u
