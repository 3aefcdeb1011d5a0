-- world_agents: who may be offered cases
-- columns: id, name, role, municipalities, knows, home, products, languages, channels, teams, room (json), room_total
select id, name, role, to_jsonb(municipalities) as municipalities, to_jsonb(coalesce(knows, municipalities)) as knows, home,
	to_jsonb(products) as products,
	to_jsonb(languages) as languages, to_jsonb(channels) as channels, to_jsonb(teams) as teams, room, room_total
from loket.agent where enabled order by id
