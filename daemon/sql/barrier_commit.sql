-- barrier_commit: something to commit, an empty message in the log. A commit that waits makes durable all that was committed
-- before it
-- columns: server, as in barrier_lazy
select pg_postmaster_start_time() as server from pg_logical_emit_message(true, 'loketd', '')
