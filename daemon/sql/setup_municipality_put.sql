-- setup_municipality_put: make or change a municipality
-- $1 text id, $2 text region, $3 text name, $4 jsonb settings (null: as they are)
-- columns: made
insert into loket.municipality as m (id, region, name, settings)
values ($1, $2, $3, coalesce($4::jsonb, '{}'))
on conflict (id) do update
	set region = excluded.region, name = excluded.name, settings = coalesce($4::jsonb, m.settings)
returning (xmax = 0) as made
