-- world_municipalities: who we work for, with the norms, the routing and the hours of their own
-- columns: id, norms (json object channel → seconds, or null), settings (what lib/core policy, hours and promise read)
select id, settings -> 'norms' as norms,
       jsonb_build_object('routing', settings -> 'routing', 'hours', settings -> 'hours',
                          'callback', settings -> 'callback') as settings
  from loket.municipality order by id
