-- world_municipalities: who we work for, with the norms and the routing of their own
-- columns: id, norms (json object channel → seconds, or null), settings (what lib/core/policy reads)
select id, settings -> 'norms' as norms, jsonb_build_object('routing', settings -> 'routing') as settings from loket.municipality order by id
