-- block_delete: who was blocked is not any more; recorded
-- $1 uuid id, $2 uuid token, $3 uuid agent or null, $4 text where the request came from
-- columns: id; no row: there is none
with gone as (delete from loket.blocked where id = $1 returning id, municipality),
seen as (
	insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
	select municipality, $2, $3, 'block.delete', 'block', id::text, $4 from gone)
select id from gone
