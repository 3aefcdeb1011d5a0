-- lease_get: who holds a lease
-- $1 text name
-- columns: holder, epoch, until
select holder, epoch, until from loket.lease where name = $1
