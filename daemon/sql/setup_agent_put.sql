-- setup_agent_put: make or change an agent; no row when the agent also works where the token has no rights
-- $1 uuid id, $2 text name, $3 text role, $4 text[] municipalities, $5 text[] products, $6 text[] channels,
-- $7 text[] languages, $8 text[] teams, $9 jsonb room, $10 int room in total, $11 boolean enabled (null: default),
-- $12 text[] knows (null: all municipalities), $13 text home
-- $14 text extension, where a call rings
-- columns: made
insert into loket.agent as a (id, name, role, municipalities, products, channels, languages, teams, room, room_total,
	enabled, knows, home, extension)
values ($1, $2, $3, $4, $5, $6, coalesce($7::text[], '{nl}'), coalesce($8::text[], '{}'), coalesce($9::jsonb, '{}'),
	coalesce($10::int, 4), coalesce($11::boolean, true), $12::text[], $13, $14)
on conflict (id) do update
	set name = excluded.name, role = excluded.role, municipalities = excluded.municipalities,
		products = excluded.products, channels = excluded.channels, languages = excluded.languages,
		teams = excluded.teams, room = excluded.room, room_total = excluded.room_total, enabled = excluded.enabled,
		knows = excluded.knows, home = excluded.home, extension = excluded.extension
	where a.municipalities <@ loket.scope()
returning (xmax = 0) as made
