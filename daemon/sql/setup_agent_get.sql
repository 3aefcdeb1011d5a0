-- setup_agent_get: one agent
-- $1 uuid id
-- columns: id, name, role, municipalities, knows, products, languages, channels, teams (all json), home, room (json),
-- roomTotal, enabled, extension
select id, name, role, to_jsonb(municipalities) as municipalities, to_jsonb(knows) as knows, home, to_jsonb(products) as products,
	to_jsonb(languages) as languages, to_jsonb(channels) as channels, to_jsonb(teams) as teams, room,
	room_total as "roomTotal", enabled, extension
from loket.agent where id = $1
