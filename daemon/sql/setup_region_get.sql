-- setup_region_get: one region; it is there when a municipality belongs to it
-- $1 text id
-- columns: id, settings (json), municipalities (json): those of the token
select m.region as id, coalesce(r.settings, '{}') as settings, jsonb_agg(m.id order by m.id) as municipalities
  from loket.municipality m left join loket.region r on r.id = m.region
 where m.region = $1 group by m.region, r.settings
