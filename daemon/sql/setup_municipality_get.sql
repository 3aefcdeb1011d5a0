-- setup_municipality_get: one municipality
-- $1 text id
-- columns: id, region, name, settings (json), regionSettings (json)
select m.id, m.region, m.name, m.settings, coalesce(r.settings, '{}') as "regionSettings"
  from loket.municipality m left join loket.region r on r.id = m.region where m.id = $1
