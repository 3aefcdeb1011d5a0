-- world_municipalities: who we work for, with the routing, the hours and the menus of their own
-- columns: id, settings (what lib/core policy, hours, promise, match, survey, target, theme, protocol, handling and norm read),
--          region (the same of its region, or null),
--          menus (json object channel → what lib/core/menu reads, or null)
select m.id,
       jsonb_build_object('norms', m.settings -> 'norms', 'routing', m.settings -> 'routing', 'hours', m.settings -> 'hours',
                          'callback', m.settings -> 'callback', 'option0', m.settings -> 'option0',
                          'survey', m.settings -> 'survey', 'targets', m.settings -> 'targets',
                          'webcare', m.settings -> 'webcare', 'products', m.settings -> 'products') as settings,
       r.settings as region, m.settings -> 'menus' as menus
  from loket.municipality m left join loket.region r on r.id = m.region order by m.id
