-- setup_municipality_get: one municipality
-- $1 text id
-- columns: id, region, name, settings (json)
select id, region, name, settings from loket.municipality where id = $1
