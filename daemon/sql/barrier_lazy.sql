-- barrier_lazy: this transaction commits without waiting for the disk; barrier_commit makes it durable
-- columns: server (when it started: one of that name before a crash is another)
select pg_postmaster_start_time() as server from set_config('synchronous_commit', 'off', true)
