-- setup_norm_get: how long a case may wait, by channel, and where that differs
-- columns: channel, normSeconds, conversational, live, wrapupSeconds, room, municipalities (json)
select c.id as channel, c.norm_s as "normSeconds", c.conversational, c.live, c.wrapup_s as "wrapupSeconds", c.room,
	coalesce((select jsonb_object_agg(m.id, m.settings -> 'norms' -> c.id) from loket.municipality m
		where m.settings -> 'norms' ? c.id), '{}') as municipalities
from loket.channel c order by c.id
