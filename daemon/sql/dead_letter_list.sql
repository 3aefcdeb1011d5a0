-- dead_letter_list: what came in and could not be read, oldest first
-- $1 text municipality or null, $2 text inbox or null, $3 text state or null, $4 timestamptz after and $5 uuid id of
-- the last one of the page before, or null, $6 int how many
-- columns: as in the contract
select id, municipality, inbox, raw, at, reason, state, attempts from loket.dead_letter
where ($1::text is null or municipality = $1) and ($2::text is null or inbox = $2)
	and ($3::text is null or state = $3)
	and (at, id) > (coalesce($4::timestamptz, '-infinity'), coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))
order by at, id limit $6
