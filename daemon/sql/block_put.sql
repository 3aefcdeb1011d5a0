-- block_put: block a sender, or change how; what ran out is cleared away meanwhile; recorded
-- $1 uuid id (new), $2 text municipality, $3 text kind, $4 text value, $5 text reason or null, $6 uuid agent or null,
-- $7 timestamptz until or null, $8 int most of one municipality, $9 uuid token, $10 text where the request came from
-- columns: a block of the contract, and made; no row: there are too many
with gone as (
	delete from loket.blocked where municipality = $2 and until <= clock_timestamp() and (kind, value) <> ($3, $4)),
put as (
	insert into loket.blocked (id, municipality, kind, value, reason, by, until)
	select $1, $2, $3, $4, $5, $6, $7
	 where exists (select from loket.blocked where municipality = $2 and kind = $3 and value = $4)
	    or (select count(*) from loket.blocked where municipality = $2
	         and (until is null or until > clock_timestamp())) < $8::int
	on conflict (municipality, kind, value) do update
		set reason = excluded.reason, by = excluded.by, at = excluded.at, until = excluded.until
	returning *, xmax = 0 as made),
seen as (
	insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
	select municipality, $9, $6, 'block.put', 'block', id::text, $10 from put)
select id, municipality, jsonb_build_object('kind', kind, 'value', value) as address, reason, by, at, until, made from put
