-- world_version: has the set-up changed?
-- columns: version
select version from loket.world_version
