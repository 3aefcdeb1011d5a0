-- setup_region_put: what holds for the municipalities of a region
-- $1 text id, $2 jsonb settings
-- columns: id; no row: no municipality belongs to it
insert into loket.region (id, settings)
select $1, $2::jsonb where exists (select from loket.municipality where region = $1)
on conflict (id) do update set settings = excluded.settings
returning id
