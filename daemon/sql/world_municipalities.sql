-- world_municipalities: who we work for, with the norms of their own
-- columns: id, norms (json object channel → seconds, or null)
select id, settings -> 'norms' as norms from loket.municipality order by id
