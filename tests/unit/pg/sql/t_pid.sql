-- t_pid: who serves us
-- columns: pid
select pg_backend_pid() as pid
