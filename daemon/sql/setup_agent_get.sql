-- setup_agent_get: one agent
-- $1 uuid id
-- columns: id, name, role, municipalities, products, languages, channels, teams (all json), room (json), roomTotal,
-- enabled
select id, name, role, to_jsonb(municipalities) as municipalities, to_jsonb(products) as products,
	to_jsonb(languages) as languages, to_jsonb(channels) as channels, to_jsonb(teams) as teams, room,
	room_total as "roomTotal", enabled
from loket.agent where id = $1
