-- world_municipalities: who we work for, with the norms, the routing, the hours and the menus of their own
-- columns: id, norms (json object channel → seconds, or null), settings (what lib/core policy, hours and promise read),
--          menus (json object channel → what lib/core/menu reads, or null)
select id, settings -> 'norms' as norms,
       jsonb_build_object('routing', settings -> 'routing', 'hours', settings -> 'hours',
                          'callback', settings -> 'callback') as settings,
       settings -> 'menus' as menus
  from loket.municipality order by id
