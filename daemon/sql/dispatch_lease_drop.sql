-- dispatch_lease_drop: give the lease back, so that another instance need not wait for its end
-- $1 text holder
-- columns: none
update loket.lease set until = clock_timestamp() where name = 'dispatch' and holder = $1
