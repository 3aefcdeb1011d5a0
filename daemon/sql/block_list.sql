-- block_list: who is blocked now, newest first
-- $1 uuid last one of the page before, null first page; $2 text municipality, null: all in scope; $3 int how many
-- columns: a block of the contract
select id, municipality, jsonb_build_object('kind', kind, 'value', value) as address, reason, by, at, until
from loket.blocked
where ($1::uuid is null or id < $1) and ($2::text is null or municipality = $2)
	and (until is null or until > clock_timestamp())
order by id desc limit $3
